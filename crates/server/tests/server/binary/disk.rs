//! A disk that is full, at the start and later.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Release;
use crate::support::{App, Database, Launch, until};

/// A limit on the size of files refuses writes as a full disk does, and takes no rights to set. The signal that
/// goes with it is ignored here: a full disk sends none.
const FILES_OF_8_KIB: &str = r#"trap '' XFSZ; ulimit -f 8; exec "$0" "$@""#;
const FILES_OF_ANY_SIZE: &str = r#"trap '' XFSZ; exec "$0" "$@""#;

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_database_that_finds_no_room_is_not_made_by_halves() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    release
        .launch()
        .data(data.path())
        .after(FILES_OF_8_KIB)
        .fail_to_start()
        .assert_refused(1, &["xkcdapp.db"]);
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "something is left behind");
    assert_eq!(release.launch().data(data.path()).start().get("/").views(), Some(1));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_database_that_can_no_longer_grow_is_told_at_the_start_and_unchanged() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).start();
    app.get("/1000001/");
    assert_eq!(app.stop().code, Some(0));
    let file = data.path().join("xkcdapp.db");
    let before = fs::read(&file).unwrap();
    release
        .launch()
        .data(data.path())
        .after(FILES_OF_8_KIB)
        .fail_to_start()
        .assert_refused(1, &["xkcdapp.db"]);
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(release.launch().data(data.path()).start().get("/1000001/").views(), Some(2));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn pages_go_on_without_numbers_while_nothing_can_be_written_and_are_counted_after() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).after(FILES_OF_ANY_SIZE).start();
    assert_eq!(app.get("/1000001/").views(), Some(1));
    limit_files(&app, "1");
    for _ in 0..20 {
        let page = app.get("/1000001/");
        assert_eq!((page.status, page.views()), (200, None), "no number that is not on the disk");
    }
    assert_eq!(app.get("/health/ready").status, 200);
    limit_files(&app, "unlimited");
    let database = Database::open(data.path());
    until("all is counted", Duration::from_secs(3), || database.views() == 21);
    assert_eq!(app.get("/1000001/").views(), Some(22));
    assert_eq!(app.stop().code, Some(0));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_full_file_system_is_told_at_the_start_and_served_over_later() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let disk = Disk::on(data.path());
    let launch = || release.launch().data(data.path());
    let ended = disk.full(launch()).fail_to_start();
    ended.assert_refused(1, &["xkcdapp.db"]);
    let told = ended.message().contains("no room is left on the disk");
    assert!(told || matches!(disk, Disk::Limited), "{ended:?}");

    let app = disk.roomy(launch()).start();
    assert_eq!(app.get("/1000001/").views(), Some(1));
    disk.fill(&app, data.path());
    let mut seen = 1;
    let mut look = || {
        let page = app.get("/1000001/");
        assert_eq!(page.status, 200);
        seen += 1;
        page.views()
    };
    until("the log has used up its room", Duration::from_secs(10), || look().is_none());
    disk.free(&app, data.path());
    until("numbers are back", Duration::from_secs(3), || look().is_some());
    let shown = look();
    assert_eq!(shown, Some(seen), "each was counted once");
}

/// A disk that can be filled.
enum Disk {
    /// A file system of the process alone, as small as can be.
    Mounted,
    /// Where nothing can be mounted, a limit on the size of files has to do.
    Limited,
}

impl Disk {
    fn on(folder: &Path) -> Self {
        let folder = folder.display().to_string();
        let script = ["--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", &folder];
        let mounted = Command::new("unshare").args(script).output();
        if mounted.is_ok_and(|output| output.status.success()) { Self::Mounted } else { Self::Limited }
    }

    fn full(&self, launch: Launch) -> Launch {
        const FULL: &str = r#"mount -t tmpfs -o size=1m tmpfs "$XKCDAPP_DATA" || exit 3
            head -c 2M /dev/zero >"$XKCDAPP_DATA/filler" 2>/dev/null; exec "$0" "$@""#;
        match self {
            Self::Mounted => launch.after(FULL).with_own_mounts(),
            Self::Limited => launch.after(FILES_OF_8_KIB),
        }
    }

    fn roomy(&self, launch: Launch) -> Launch {
        const SMALL: &str = r#"mount -t tmpfs -o size=1m tmpfs "$XKCDAPP_DATA" && exec "$0" "$@""#;
        match self {
            Self::Mounted => launch.after(SMALL).with_own_mounts(),
            Self::Limited => launch.after(FILES_OF_ANY_SIZE),
        }
    }

    fn fill(&self, app: &App, folder: &Path) {
        match self {
            Self::Mounted => drop(fs::write(filler(app, folder), vec![0; 2 << 20]).unwrap_err()),
            Self::Limited => limit_files(app, "1"),
        }
    }

    fn free(&self, app: &App, folder: &Path) {
        match self {
            Self::Mounted => fs::remove_file(filler(app, folder)).unwrap(),
            Self::Limited => limit_files(app, "unlimited"),
        }
    }
}

/// The process sees another file system under that path than the test does.
fn filler(app: &App, folder: &Path) -> PathBuf {
    format!("/proc/{}/root{}/filler", app.process_id(), folder.display()).into()
}

fn limit_files(app: &App, bytes: &str) {
    let id = app.process_id().to_string();
    // The soft limit alone, which can be raised again.
    let prlimit = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:")]).status();
    assert!(prlimit.unwrap().success());
}
