//! A data folder or a database that can't be used: told in one message, and left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::Release;
use crate::support::{Database, Launch};

/// A user without any rights.
const NOBODY: u32 = 65_534;

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_file_in_place_of_the_data_folder() {
    let release = Release::alone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "precious").unwrap();
    for data in [file.clone(), file.join("below")] {
        assert_refused_and_unchanged(&release, &data, folder.path(), &["data folder", "can't be used"]);
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_link_to_nowhere_in_place_of_the_database() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    symlink("/nowhere/xkcdapp.db", data.path().join("xkcdapp.db")).unwrap();
    let ended = release.launch().data(data.path()).fail_to_start();
    ended.assert_refused(1, &["xkcdapp.db", "can't be opened"]);
    assert!(fs::symlink_metadata(data.path().join("xkcdapp.db")).unwrap().is_symlink());
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn what_is_no_database() {
    let release = Release::alone();
    for content in ["precious notes, not a database\n".repeat(400), "x".to_owned()] {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("xkcdapp.db"), content).unwrap();
        assert_refused_and_unchanged(
            &release,
            data.path(),
            data.path(),
            &["xkcdapp.db is not a database of this app", "move the file away"],
        );
    }
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("xkcdapp.db")).unwrap();
    release.launch().data(data.path()).fail_to_start().assert_refused(1, &["is not a database of this app"]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_database_of_another_program() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(data.path().join("xkcdapp.db")).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')").unwrap();
    other.close().unwrap();
    assert_refused_and_unchanged(&release, data.path(), data.path(), &["is not a database of this app"]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_database_that_is_empty_or_lost_is_not_made_again_at_zero() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("xkcdapp.db"), "").unwrap();
    assert_refused_and_unchanged(
        &release,
        data.path(),
        data.path(),
        &["is damaged", "restore it from a backup"],
    );

    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("xkcdapp.db-wal"), "commits of a file that is gone").unwrap();
    assert_refused_and_unchanged(
        &release,
        data.path(),
        data.path(),
        &["is damaged", "restore it from a backup"],
    );
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_damaged_database() {
    const PAGE: usize = 4_096;
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).start();
    for _ in 0..3 {
        app.get("/");
    }
    assert_eq!(app.stop().code, Some(0));
    let file = data.path().join("xkcdapp.db");
    let root = root_page(&file, "comic_views");
    let whole = fs::read(&file).unwrap();
    let damaged = |content: &[u8]| {
        fs::write(&file, content).unwrap();
        assert_refused_and_unchanged(&release, data.path(), data.path(), &["xkcdapp.db"]);
        let check = release.launch().data(data.path()).run(&["check"], "");
        assert_eq!(check.code, Some(1), "{check:?}");
        assert_eq!(fs::read(&file).unwrap(), content);
    };
    damaged(&whole[..whole.len() / 2]);
    damaged(&whole[..100]);
    let mut scribbled = whole.clone();
    scribbled[PAGE..].fill(0xa5);
    damaged(&scribbled);
    let mut header = whole.clone();
    header[..16].fill(0);
    damaged(&header);

    let mut counts = whole.clone();
    counts[(root - 1) * PAGE..root * PAGE].fill(0xa5);
    damaged(&counts);

    fs::write(&file, &whole).unwrap();
    assert_eq!(release.launch().data(data.path()).start().get("/").status, 200);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_database_that_is_damaged_while_the_app_runs_shows_no_number_and_is_refused_at_the_next_start() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let launch = || release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "2");
    let app = launch().start();
    assert_eq!(app.get("/1000001/").views(), Some(1));
    let file = data.path().join("xkcdapp.db");
    let root = root_page(&file, "comic_views") as u64;
    let other = Database::open(data.path());
    // All of it goes into the file, and is damaged there.
    assert_eq!(other.number("PRAGMA wal_checkpoint(TRUNCATE)"), 0, "somebody was busy");
    let writable = fs::File::options().write(true).open(&file).unwrap();
    writable.write_all_at(&[0xa5; 4_096], (root - 1) * 4_096).unwrap();
    // Whatever the app has in memory is out of date.
    other.run("UPDATE view_writers SET updated_at = updated_at + 1");
    for _ in 0..3 {
        let page = app.get("/1000001/");
        assert_eq!((page.status, page.views()), (200, None));
    }
    assert_eq!(["/health/live", "/health/ready"].map(|path| app.get(path).status), [200; 2]);
    app.logged("what is wrong", |line| {
        line["event"] == "views.unavailable" && line["error"].to_string().contains("malformed")
    });
    let ended = app.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.iter().any(|line| line.contains("views.unwritten")), "{ended:?}");
    launch().fail_to_start().assert_refused(1, &["xkcdapp.db", "is damaged"]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_database_that_goes_away_while_the_app_runs_is_not_made_again_at_zero() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "2").start();
    assert_eq!(app.get("/1000001/").views(), Some(1));
    fs::remove_file(data.path().join("xkcdapp.db")).unwrap();
    for _ in 0..3 {
        let page = app.get("/1000001/");
        assert_eq!((page.status, page.views()), (200, None), "a number that is in no file");
    }
    let ended = app.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.output.iter().any(|line| line.contains("views.unwritten") && line.contains("\"1000001:")),
        "{ended:?}"
    );
    assert!(!data.path().join("xkcdapp.db").exists());
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_folder_or_a_file_that_may_not_be_written() {
    let release = Release::alone();
    let folder = tempfile::tempdir().unwrap();
    let binary = for_everybody(&release, folder.path());
    let data = folder.path().join("data");
    let launch = || {
        let launch = Launch::of(&binary).data(&data);
        // Root may write whatever its mode is.
        if is_root() { launch.under_user(NOBODY) } else { launch }
    };

    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    launch().fail_to_start().assert_refused(1, &["Permission denied"]);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);

    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    let own = Launch::of(&binary).data(&data).start();
    own.get("/");
    assert_eq!(own.stop().code, Some(0));
    let file = data.join("xkcdapp.db");
    for mode in [0o444, 0o000] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let before = fs::metadata(&file).unwrap().mtime();
        launch().fail_to_start().assert_refused(1, &["xkcdapp.db can't be opened for writing"]);
        assert_eq!(fs::metadata(&file).unwrap().mtime(), before);
    }
}

/// The number of a table's first page, counted from one.
fn root_page(file: &Path, table: &str) -> usize {
    let database = rusqlite::Connection::open(file).unwrap();
    let select = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: i64 = database.query_row(select, [table], |row| row.get(0)).unwrap();
    page.try_into().unwrap()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A copy of the binary where everybody can run it.
fn for_everybody(release: &Release, folder: &Path) -> std::path::PathBuf {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let copy = folder.join("xkcdapp");
    fs::copy(&release.binary, &copy).unwrap();
    copy
}

#[track_caller]
fn assert_refused_and_unchanged(release: &Release, data: &Path, looked_at: &Path, words: &[&str]) {
    let before = contents(looked_at);
    release.launch().data(data).fail_to_start().assert_refused(1, words);
    let after = contents(looked_at);
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed: Vec<_> = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).collect();
    assert!(changed.is_empty(), "changed, made or gone: {changed:?}");
}

/// All files in a folder and what they hold.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    files
        .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap_or_default()))
        .collect()
}
