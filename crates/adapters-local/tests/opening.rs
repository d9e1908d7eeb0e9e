//! What happens at start: what is made, what is refused, and that nothing is ever destroyed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use xkcd_adapters_local::{OpenError, SqliteConfig, SqliteStore, SqliteViewCounter};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

fn config(folder: &Path) -> SqliteConfig {
    let answer_within = Duration::from_secs(10);
    SqliteConfig { busy_timeout: Duration::from_millis(50), answer_within, ..SqliteConfig::new(folder) }
}

fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&config(folder))
}

fn refusal(folder: &Path) -> OpenError {
    open(folder).err().expect("the file is refused")
}

/// A folder with a database that was used and closed.
fn used_folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let file = store.file().to_owned();
    drop(store);
    (folder, file)
}

fn change(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

/// Writes nonsense over the first page of a table.
fn overwrite_root_page(file: &Path, name: &str) {
    let connection = Connection::open(file).unwrap();
    let offset: i64 = connection
        .query_row(
            "SELECT (rootpage - 1) * page_size FROM sqlite_schema, pragma_page_size WHERE name = ?1",
            [name],
            |row| row.get(0),
        )
        .unwrap();
    drop(connection);
    let bytes = OpenOptions::new().write(true).open(file).unwrap();
    bytes.write_all_at(&[0x5a; 512], offset.unsigned_abs()).unwrap();
}

async fn count_once(store: &SqliteStore, writer: u128) -> ViewCount {
    let views = BTreeMap::from([(ComicNumber::ONE, 1)]);
    let batch = ViewBatch::new(WriterId::from_random(writer), BatchNumber::FIRST, views).unwrap();
    SqliteViewCounter::new(store.clone()).apply(&batch).await.unwrap().totals[&ComicNumber::ONE]
}

#[tokio::test]
async fn a_missing_folder_is_made_and_its_counts_are_there_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("some/where");

    assert_eq!(count_once(&open(&data).unwrap(), 1).await, ViewCount::from(1));
    assert_eq!(count_once(&open(&data).unwrap(), 2).await, ViewCount::from(2));
}

#[test]
fn when_the_store_is_closed_the_file_alone_holds_everything() {
    let (folder, _) = used_folder();

    let files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();

    assert_eq!(files, ["xkcdapp.db"]);
}

#[test]
fn only_this_user_can_read_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let _store = open(folder.path()).unwrap();

    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn those_that_start_together_share_one_file() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let config =
            SqliteConfig { busy_timeout: Duration::from_secs(5), ..SqliteConfig::new(folder.path()) };
        let start = Barrier::new(6);

        let stores: Vec<_> = thread::scope(|scope| {
            let starting: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        SqliteStore::open(&config).unwrap()
                    })
                })
                .collect();
            starting.into_iter().map(|it| it.join().unwrap()).collect()
        });

        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (writer, expected) in (1..).zip(&stores) {
            let total = runtime.block_on(count_once(expected, writer));
            assert_eq!(u128::from(total.get()), writer, "all count in the same file");
        }
        drop(stores);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");
    }
}

#[test]
fn a_folder_that_is_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "notes").unwrap();

    let refused = refusal(&file);

    assert!(matches!(refused, OpenError::Folder { .. }), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), b"notes");
}

#[test]
fn a_folder_that_nobody_can_make_is_refused() {
    // Not even root makes folders there.
    let refused = refusal(Path::new("/proc/xkcdapp-data"));

    assert!(matches!(refused, OpenError::Folder { .. }), "{refused}");
}

#[test]
fn a_folder_in_the_place_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("xkcdapp.db")).unwrap();

    assert!(matches!(refusal(folder.path()), OpenError::NotOurs { .. }));
}

#[test]
fn an_empty_file_is_damaged_and_not_a_new_database() {
    let (folder, file) = used_folder();
    fs::write(&file, "").unwrap();

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert_eq!(fs::metadata(&file).unwrap().len(), 0);
}

#[test]
fn a_lost_file_whose_log_is_still_there_is_not_made_anew() {
    let (folder, file) = used_folder();
    fs::remove_file(&file).unwrap();
    fs::write(folder.path().join("xkcdapp.db-wal"), "commits").unwrap();

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(!file.exists());
}

#[test]
fn something_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xkcdapp.db");
    let notes = b"shopping: apples, pears\n".repeat(1_000);
    fs::write(&file, &notes).unwrap();

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), notes);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xkcdapp.db");
    change(&file, "CREATE TABLE comic_views (comic_number INTEGER PRIMARY KEY, view_count INTEGER)");
    let before = fs::read(&file).unwrap();

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_lost_its_end_is_damaged() {
    let (folder, file) = used_folder();
    let length = fs::metadata(&file).unwrap().len();
    OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    let before = fs::read(&file).unwrap();

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn broken_pages_of_each_table_of_counts_are_found() {
    for table in ["comic_views", "daily_views", "view_writers"] {
        let (folder, file) = used_folder();
        overwrite_root_page(&file, table);
        let before = fs::read(&file).unwrap();

        let refused = refusal(folder.path());

        assert!(matches!(refused, OpenError::Damaged { .. }), "{table}: {refused}");
        assert!(refused.to_string().contains("restore it from a backup"), "{refused}");
        assert_eq!(fs::read(&file).unwrap(), before, "{table}");
    }
}

#[tokio::test]
async fn damage_outside_the_counts_is_found_by_verify() {
    let (folder, file) = used_folder();
    open(folder.path()).unwrap().verify().await.expect("it is sound at first");
    overwrite_root_page(&file, "view_history");

    let store = open(folder.path()).expect("the counts are sound");

    store.verify().await.unwrap_err();
}

#[test]
fn a_schema_that_this_release_can_not_live_with_is_refused() {
    let (folder, file) = used_folder();
    change(&file, "UPDATE schema_compatibility SET version = 9, serves_from = 8");

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::TooNew { found: 9, .. }), "{refused}");
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date_and_keeps_its_counts() {
    let (folder, file) = used_folder();
    let store = open(folder.path()).unwrap();
    let version = store.schema_version();
    count_once(&store, 1).await;
    drop(store);
    change(
        &file,
        "CREATE INDEX comic_views_by_count ON comic_views (view_count);
         DELETE FROM refinery_schema_history WHERE version > 1;
         UPDATE schema_compatibility SET version = 1",
    );

    let store = open(folder.path()).unwrap();

    assert_eq!(store.schema_version(), version);
    assert_eq!(count_once(&store, 2).await, ViewCount::from(2));
}

#[tokio::test]
async fn a_newer_schema_that_serves_this_release_is_used_as_it_is() {
    let (folder, file) = used_folder();
    change(&file, "UPDATE schema_compatibility SET version = 9, serves_from = 1");

    let store = open(folder.path()).unwrap();

    assert_eq!(store.schema_version(), 9);
    assert_eq!(count_once(&store, 1).await, ViewCount::from(1));
}

#[test]
fn a_file_that_another_process_keeps_locked_is_refused_when_the_time_is_up() {
    let (folder, file) = used_folder();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let refused = refusal(folder.path());

    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    other.execute_batch("ROLLBACK").unwrap();
    open(folder.path()).unwrap();
}

/// Whether modes bind this process. They do not bind root, so that root runs the test named in `test` once
/// more, without the rights that make it so.
fn modes_bind_us(read_only: &Path, test: &str) -> bool {
    if OpenOptions::new().write(true).open(read_only).is_err() {
        return true;
    }
    let again = Command::new("setpriv")
        .args(["--bounding-set=-all", "--inh-caps=-all", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .status()
        .expect("setpriv, of util-linux, can be run");
    assert!(again.success(), "{test} failed without root's rights");
    false
}

#[test]
fn a_read_only_file_is_refused() {
    let (folder, file) = used_folder();
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    if modes_bind_us(&file, "a_read_only_file_is_refused") {
        let refused = refusal(folder.path());
        assert!(matches!(refused, OpenError::Unwritable { .. }), "{refused}");
    }
}

#[test]
fn a_read_only_folder_is_refused() {
    let (folder, _) = used_folder();
    let mark = folder.path().join("mark");
    fs::write(&mark, "").unwrap();
    fs::set_permissions(&mark, Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    if modes_bind_us(&mark, "a_read_only_folder_is_refused") {
        let refused = refusal(folder.path());
        assert!(matches!(refused, OpenError::Unwritable { .. }), "{refused}");
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
}
