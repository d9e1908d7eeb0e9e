//! What a process writes to its standard output.

use std::io::Read;
use std::time::Duration;

use super::Release;
use crate::support::{Connection, Database, StubUpstream, free_address, until};

#[test]
#[ignore = "needs the release build: scripts/test"]
fn every_line_is_one_json_object_and_none_holds_a_secret() {
    const SECRET: &str = "correct-horse-battery-staple-0123456789";
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let upstream = StubUpstream::answering(|_, stream| stream.read(&mut [0]).map(|_| ()));
    let app = release
        .launch()
        .data(data.path())
        .upstream(&upstream)
        .set("SECRET_KEY", SECRET)
        .set("XKCDAPP_LOG", "trace")
        .set("XKCDAPP_SHUTDOWN_SECONDS", "2")
        .start();
    let deck = app.get("/").deck().unwrap();
    // The HTTP library refuses that path by itself.
    let headers = [("Cookie", deck.as_str()), ("X-Amzn-Trace-Id", "\"}{\u{1b}[31m")];
    Connection::open(app.address).unwrap().request("GET", "/nowhere%0a%0d{\"a\":1}", &headers).unwrap();
    app.request("GET", "/nowhere%0a%0d%7B%22a%22:1}", &headers[..1]);
    app.request("GET", "/", &[("Host", "evil.example\"}")]);
    let mut connection = Connection::open(app.address).unwrap();
    connection.send(b"\x00\x01\"}\r\n{\"event\":\"forged\"}\r\n\r\n").unwrap();
    connection.answer(false).ok();
    let lock = Database::lock(data.path());
    app.get("/");
    let ended = app.stop();
    drop(lock);
    assert_eq!((ended.code, ended.message().as_str()), (Some(0), ""));
    assert!(ended.output.len() >= 8, "{ended:?}");
    let cookie = deck.split_once('=').unwrap().1;
    for line in &ended.output {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            object.is_object() && object["timestamp"].is_string() && object["level"].is_string(),
            "{line}"
        );
        assert_ne!(object["event"], "forged");
        assert!(!line.contains(SECRET) && !line.contains(cookie), "{line}");
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_key_that_was_made_is_never_told() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).set("XKCDAPP_LOG", "trace").start();
    app.get("/");
    let ended = app.stop();
    let checked = release.launch().data(data.path()).run(&["check"], "");
    let key = std::fs::read_to_string(data.path().join("secret_key")).unwrap();
    for line in ended.output.iter().chain(&checked.output).chain(&checked.errors) {
        assert!(!line.contains(key.trim()), "{line}");
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn waiting_views_are_told_when_they_begin_to_wait_and_when_none_is_left() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    // An alarm is fed from it, so no filter holds it back.
    let app = release.launch().data(data.path()).set("XKCDAPP_LOG", "error").start_at(free_address());
    until("it serves", Duration::from_secs(10), || app.get("/health/ready").status == 200);
    let lock = Database::lock(data.path());
    app.get("/1000001/");
    app.get("/1000002/");
    let waiting = app.logged("that views wait", |line| line["event"] == "views.pending");
    assert!(waiting["count"].as_u64().unwrap() >= 1, "{waiting}");
    drop(lock);
    app.logged("that none waits", |line| line["event"] == "views.pending" && line["count"] == 0);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_reader_who_does_not_read_holds_nobody_up() {
    let release = Release::alone();
    let app = release
        .launch()
        .set("XKCDAPP_LOG", "debug")
        .set("XKCDAPP_SHUTDOWN_SECONDS", "4")
        .start_unread(free_address());
    let mut connection = Connection::open(app.address).unwrap();
    // More lines than a pipe holds, and than the app keeps for a slow reader.
    for _ in 0..20_000 {
        assert_eq!(connection.request("GET", "/version", &[]).unwrap().status, 200);
    }
    let (_, highest) = app.memory();
    assert!(highest < 64 << 20, "{highest} bytes");
    assert_eq!(app.stop().code, Some(0));
}
