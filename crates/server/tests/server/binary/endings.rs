//! How a process ends.

use std::time::Duration;

use super::Release;
use crate::support::{Connection, Database};

#[test]
#[ignore = "needs the release build: scripts/test"]
fn both_signals_end_it_in_good_order() {
    let release = Release::alone();
    for signal in ["TERM", "INT"] {
        let app = release.launch().start();
        app.signal(signal);
        let ended = app.end();
        assert_eq!((ended.code, ended.message().as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.output.last().unwrap().contains("server.stopped"), "{ended:?}");
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn idle_connections_and_half_a_request_do_not_hold_it_up() {
    let release = Release::alone();
    let app = release.launch().set("XKCDAPP_SHUTDOWN_SECONDS", "4").start();
    let mut idle: Vec<_> = (0..50).map(|_| Connection::open(app.address).unwrap()).collect();
    for connection in &mut idle[..25] {
        connection.request("GET", "/version", &[]).unwrap();
    }
    for connection in &mut idle[25..40] {
        connection.send(b"GET / HTTP/1.1\r\nHost: local").unwrap();
    }
    let ended = app.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn the_file_alone_is_a_whole_backup_after_the_end() {
    let release = Release::alone();
    let (data, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let app = release.launch().data(data.path()).start();
    for _ in 0..5 {
        app.get("/");
    }
    assert_eq!(app.stop().code, Some(0));
    std::fs::copy(data.path().join("xkcdapp.db"), backup.path().join("xkcdapp.db")).unwrap();
    assert_eq!(Database::open(backup.path()).views(), 5);
}
