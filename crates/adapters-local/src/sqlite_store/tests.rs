//! Faults of the open store: each is an error in time, none a false count, and all end without a restart.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use rusqlite::Connection;
use tempfile::TempDir;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::comic_archive::{ComicArchive, ComicArchiveError};
use xkcd_domain::ports::view_counter::{ViewCounter, ViewCounterError};
use xkcd_domain::views::{BatchNumber, ViewBatch, WriterId};

use super::*;
use crate::{SqliteComicArchive, SqliteViewCounter};

/// Far more than a busy machine takes.
const PATIENT: Duration = Duration::from_secs(10);

fn opened() -> (TempDir, SqliteStore) {
    opened_with(PATIENT)
}

fn opened_with(answer_within: Duration) -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let config = SqliteConfig {
        queue: 2,
        busy_timeout: Duration::from_millis(50),
        answer_within,
        ..SqliteConfig::new(folder.path())
    };
    let store = SqliteStore::open(&config).unwrap();
    (folder, store)
}

fn batch(number: u64, comics: std::ops::RangeInclusive<u32>) -> ViewBatch {
    let views: BTreeMap<_, _> =
        comics.filter_map(|comic| ComicNumber::try_from(comic).ok()).map(|comic| (comic, 1)).collect();
    ViewBatch::new(WriterId::from_random(1), BatchNumber::try_from(number).unwrap(), views).unwrap()
}

/// Counts one view of the first comic.
async fn count(store: &SqliteStore, number: u64) -> Result<u64, ViewCounterError> {
    let applied = SqliteViewCounter::new(store.clone()).apply(&batch(number, 1..=1)).await?;
    Ok(applied.totals[&ComicNumber::ONE].get())
}

/// What the first comic's count is said to be.
async fn read(store: &SqliteStore) -> Result<Option<u64>, ViewCounterError> {
    let totals = SqliteViewCounter::new(store.clone()).totals(&[ComicNumber::ONE]).await?;
    Ok(totals.get(&ComicNumber::ONE).map(|it| it.get()))
}

fn is_unavailable<T>(outcome: &Result<T, ViewCounterError>) -> bool {
    matches!(outcome, Err(ViewCounterError::Unavailable(_)))
}

fn is_moved<T>(outcome: Result<T, ViewCounterError>) -> bool {
    let Err(ViewCounterError::Unavailable(cause)) = outcome else { return false };
    matches!(cause.downcast_ref(), Some(SqliteStoreError::Moved(_)))
}

/// Keeps the writer busy until the sender is dropped. Returns when it is.
async fn occupied_writer(store: &SqliteStore) -> Sender<()> {
    let (release, released) = channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let store = store.clone();
    tokio::spawn(async move {
        let _ = store
            .write(move |_| {
                begun.send(()).unwrap();
                let _ = released.recv();
                Ok(())
            })
            .await;
    });
    has_begun.await.unwrap();
    release
}

#[tokio::test]
async fn a_full_disk_fails_the_batch_and_the_same_batch_counts_when_there_is_room() {
    let (_folder, store) = opened();
    count(&store, 1).await.unwrap();
    store.write(|it| it.pragma_update(None, "max_page_count", 1)).await.unwrap();
    let counter = SqliteViewCounter::new(store.clone());
    let large = batch(2, 1..=501);

    let refused = counter.apply(&large).await;

    let Err(ViewCounterError::Unavailable(cause)) = refused else { panic!("{refused:?}") };
    let Some(SqliteStoreError::Sqlite(error)) = cause.downcast_ref() else { panic!("{cause}") };
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
    assert_eq!(read(&store).await.unwrap(), Some(1), "nothing of it was counted");
    store.write(|it| it.pragma_update(None, "max_page_count", 1_000_000)).await.unwrap();
    let applied = counter.apply(&large).await.unwrap();
    assert!(applied.added);
    assert_eq!(applied.totals[&ComicNumber::ONE].get(), 2);
}

#[tokio::test]
async fn a_lock_held_elsewhere_fails_writes_in_time_stops_no_read_and_then_is_over() {
    let (_folder, store) = opened();
    count(&store, 1).await.unwrap();
    let other = Connection::open(store.file()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let since = Instant::now();
    assert!(is_unavailable(&count(&store, 2).await));
    assert!(is_unavailable(&store.ping().await.map_err(ViewCounterError::from)));
    assert!(since.elapsed() < PATIENT / 2);
    assert_eq!(read(&store).await.unwrap(), Some(1));

    other.execute_batch("ROLLBACK").unwrap();
    store.ping().await.unwrap();
    assert_eq!(count(&store, 2).await.unwrap(), 2);
}

#[tokio::test]
async fn a_deleted_file_is_neither_written_nor_read_nor_made_anew() {
    let (_folder, store) = opened();
    count(&store, 1).await.unwrap();
    read(&store).await.unwrap();
    fs::remove_file(store.file()).unwrap();

    assert!(is_moved(count(&store, 2).await));
    assert!(is_moved(read(&store).await));
    assert!(!store.file().exists());
}

#[tokio::test]
async fn a_write_that_the_file_did_not_outlive_is_not_answered_as_stored() {
    let (_folder, store) = opened();
    let file = store.file().to_owned();

    let outcome =
        store.write(move |_| fs::remove_file(&file).map_err(|_| rusqlite::Error::InvalidQuery)).await;

    assert!(matches!(outcome, Err(SqliteStoreError::Moved(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_file_that_was_moved_away_and_back_counts_on() {
    let (folder, store) = opened();
    count(&store, 1).await.unwrap();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(store.file(), &elsewhere).unwrap();
    assert!(is_moved(count(&store, 2).await));

    fs::rename(&elsewhere, store.file()).unwrap();

    assert_eq!(count(&store, 2).await.unwrap(), 2);
}

#[tokio::test]
async fn another_file_in_its_place_is_not_taken_for_it() {
    let (_folder, store) = opened();
    let (_other_folder, other) = opened();
    count(&store, 1).await.unwrap();
    fs::copy(other.file(), store.file().with_extension("restored")).unwrap();
    fs::rename(store.file().with_extension("restored"), store.file()).unwrap();

    assert!(is_moved(count(&store, 2).await));
    assert!(is_moved(read(&store).await));
}

#[tokio::test]
async fn a_deleted_log_is_noticed() {
    let (folder, store) = opened();
    count(&store, 1).await.unwrap();
    fs::remove_file(folder.path().join("xkcdapp.db-wal")).unwrap();

    assert!(is_moved(count(&store, 2).await));
}

#[tokio::test]
async fn damage_that_comes_later_is_called_corruption() {
    let (_folder, store) = opened();
    let length = fs::metadata(store.file()).unwrap().len();
    let bytes = OpenOptions::new().write(true).open(store.file()).unwrap();
    bytes.write_all_at(&vec![0x5a; usize::try_from(length).unwrap() - 4_096], 4_096).unwrap();

    let outcome = read(&store).await;

    assert!(matches!(outcome, Err(ViewCounterError::Corrupt(_))), "{outcome:?}");
    assert_eq!(fs::metadata(store.file()).unwrap().len(), length, "it is left as it is");
}

#[tokio::test]
async fn a_page_that_breaks_under_an_open_connection_is_called_corruption() {
    let (_folder, store) = opened();
    let root = "SELECT (rootpage - 1) * page_size FROM sqlite_schema, pragma_page_size WHERE name = 'comics'";
    let offset: i64 = store.read(|it| it.query_row(root, [], |row| row.get(0))).await.unwrap();
    let bytes = OpenOptions::new().write(true).open(store.file()).unwrap();
    bytes.write_all_at(&[0x5a; 512], offset.unsigned_abs()).unwrap();

    let outcome = SqliteComicArchive::new(store).load(None).await;

    assert!(matches!(outcome, Err(ComicArchiveError::Corrupt(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_value_that_is_no_count_is_called_corruption() {
    let (_folder, store) = opened();
    store.write(|it| it.execute_batch("INSERT INTO comic_views VALUES (404, 1, 0)")).await.unwrap();

    let outcome = SqliteViewCounter::new(store.clone()).most_viewed(3).await;

    assert!(matches!(outcome, Err(ViewCounterError::Corrupt(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_in_time_and_not_done_later() {
    let (_folder, store) = opened_with(Duration::from_millis(400));
    let release = occupied_writer(&store).await;

    let since = Instant::now();
    assert!(is_unavailable(&count(&store, 1).await));

    assert!(since.elapsed() >= Duration::from_millis(400) && since.elapsed() < PATIENT);
    drop(release);
    // Calls are done in turn: when this one is, the one before it would have been.
    let is_counted = store.write(|it| it.prepare("SELECT 1 FROM comic_views")?.exists([]));
    assert!(!is_counted.await.unwrap(), "its caller had left before it began");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let (_folder, store) = opened();
    let release = occupied_writer(&store).await;
    let waiting = [1, 2].map(|number| {
        let store = store.clone();
        tokio::spawn(async move { count(&store, number).await })
    });
    tokio::task::yield_now().await;

    let refused = store.ping().await;

    assert!(matches!(refused, Err(SqliteStoreError::QueueFull)), "{refused:?}");
    drop(release);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_panic_ends_one_call_and_leaves_nothing_behind() {
    let (_folder, store) = opened();

    let outcome = store
        .write(|it| -> rusqlite::Result<()> {
            it.execute_batch("INSERT INTO comic_views VALUES (1, 100, 0)")?;
            panic!("a bug")
        })
        .await;

    assert!(matches!(outcome, Err(SqliteStoreError::Ended)), "{outcome:?}");
    assert_eq!(count(&store, 1).await.unwrap(), 1);
}
