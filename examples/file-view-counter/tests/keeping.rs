//! What the contract cannot ask of every adapter: the file, from one start to the next.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::views::{ViewBatch, ViewCount, WriterId};
use xkcd_example_file_view_counter::{FileViewCounter, OpenError};

fn a_file() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (folder.path().join("views.jsonl"), folder)
}

fn three_views(number: u64) -> ViewBatch {
    let views = BTreeMap::from([(ComicNumber::ONE, 3)]);
    ViewBatch::new(WriterId::from_random(7), number.try_into().unwrap(), views).unwrap()
}

async fn total(counter: &FileViewCounter) -> Option<ViewCount> {
    counter.totals(&[ComicNumber::ONE]).await.unwrap().remove(&ComicNumber::ONE)
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[tokio::test]
async fn counts_and_the_numbers_of_batches_survive_a_restart() {
    let (path, _folder) = a_file();
    FileViewCounter::open(&path).unwrap().apply(&three_views(1)).await.unwrap();

    let counter = FileViewCounter::open(&path).unwrap();
    assert_eq!(total(&counter).await, Some(3.into()));
    assert!(!counter.apply(&three_views(1)).await.unwrap().added);
    assert!(counter.apply(&three_views(2)).await.unwrap().added);
    assert_eq!(total(&counter).await, Some(6.into()));
}

#[tokio::test]
async fn half_a_line_at_the_end_was_never_answered_and_goes() {
    let (path, _folder) = a_file();
    FileViewCounter::open(&path).unwrap().apply(&three_views(1)).await.unwrap();
    append(&path, r#"{"writer":"00000000000000000000000000000007","num"#);

    FileViewCounter::open(&path).unwrap().apply(&three_views(2)).await.unwrap();
    let counter = FileViewCounter::open(&path).unwrap();
    assert_eq!(total(&counter).await, Some(6.into()));
}

#[tokio::test]
async fn a_file_with_a_line_that_is_no_batch_is_refused_and_left_as_it_is() {
    for wrong in [
        "what somebody noted down\n",
        r#"{"writer":"00000000000000000000000000000007","number":2,"day":"2026-11-25","views":[[404,1]]}"#,
    ] {
        let (path, _folder) = a_file();
        FileViewCounter::open(&path).unwrap().apply(&three_views(1)).await.unwrap();
        append(&path, &format!("{}\n", wrong.trim_end()));
        let before = fs::read(&path).unwrap();

        let refused = FileViewCounter::open(&path);
        assert!(matches!(refused, Err(OpenError::Damaged { line: 2, .. })), "{wrong}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn the_file_is_had_once_at_a_time() {
    let (path, _folder) = a_file();
    let first = FileViewCounter::open(&path).unwrap();
    assert!(matches!(FileViewCounter::open(&path), Err(OpenError::InUse)));
    drop(first);
    assert!(FileViewCounter::open(&path).is_ok());
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let (path, _folder) = a_file();
    let refused = FileViewCounter::open(&path.join("deeper"));
    assert!(matches!(refused, Err(OpenError::Unavailable(_))));
}
