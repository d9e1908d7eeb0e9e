//! Each fault shows in the metrics that docs/operations.md names for it, while it lasts, and is gone after it.

use std::thread;
use std::time::Duration;

use super::Release;
use crate::support::{
    App, Browser, Database, Launch, SUPERUSER, StubUpstream, document, respond, respond_json, until,
    with_admins,
};

/// The app looks at what is broken at least once a second.
const SOON: Duration = Duration::from_secs(5);

const VIEWS_ARE_DEGRADED: &str = r#"xkcdapp_degraded{part="views"}"#;
const XKCD_IS_DEGRADED: &str = r#"xkcdapp_degraded{part="xkcd"}"#;

fn measuring(launch: Launch) -> Launch {
    launch.set("XKCDAPP_METRICS_LISTEN", "127.0.0.1:0")
}

#[track_caller]
fn await_value(app: &App, name: &str, value: u64) {
    until(&format!("{name} is {value}"), SOON, || app.metrics().value(name) == value);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_locked_store_shows_as_degraded_views_that_wait_and_batches_that_failed() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = measuring(release.launch()).data(data.path()).start();
    app.get("/1000001/");
    let sound = app.metrics();
    assert_eq!((sound.value(VIEWS_ARE_DEGRADED), sound.value("xkcdapp_views_pending")), (0, 0));
    let lock = Database::lock(data.path());
    for _ in 0..3 {
        app.get("/1000001/");
    }
    await_value(&app, VIEWS_ARE_DEGRADED, 1);
    let broken = app.metrics();
    assert_eq!(broken.value("xkcdapp_views_pending"), 3);
    let failed = r#"xkcdapp_view_batches_total{result="failed"}"#;
    until("a batch failed", SOON, || app.metrics().value(failed) > 0);
    drop(lock);
    await_value(&app, VIEWS_ARE_DEGRADED, 0);
    await_value(&app, "xkcdapp_views_pending", 0);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn an_xkcd_that_fails_shows_as_degraded_by_the_way_it_fails() {
    let release = Release::alone();
    let dead = crate::support::free_address();
    let app = measuring(release.launch()).upstream_at(&format!("http://{dead}")).start();
    // A few failures make an outage.
    until("the outage is known", SOON, || {
        assert_eq!(app.get("/").status, 200);
        app.metrics().value(XKCD_IS_DEGRADED) == 1
    });
    assert!(app.metrics().value(r#"xkcdapp_upstream_requests_total{result="unreachable"}"#) > 0);
    drop(app);

    let nonsense =
        StubUpstream::answering(|_, stream| respond_json(stream, &serde_json::json!({"num": "x"})));
    let failing = StubUpstream::answering(|_, stream| respond(stream, "500 Oops", "text/html", b"<p>Oops"));
    let hanging = StubUpstream::answering(|_, _| {
        thread::sleep(SOON * 3);
        Ok(())
    });
    for (upstream, result) in [(nonsense, "invalid"), (failing, "refused"), (hanging, "timeout")] {
        let app = measuring(release.launch()).upstream(&upstream).start();
        app.get("/");
        let counted = format!(r#"xkcdapp_upstream_requests_total{{result="{result}"}}"#);
        until(&counted, SOON * 2, || app.metrics().value(&counted) > 0);
    }

    let sound = StubUpstream::answering(|_, stream| respond_json(stream, &document(1)));
    let app = measuring(release.launch()).upstream(&sound).start();
    assert_eq!(app.get("/1/").status, 200);
    assert_eq!(app.metrics().value(XKCD_IS_DEGRADED), 0);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn guessed_passwords_foreign_hosts_and_what_is_not_there_show_by_their_answers() {
    let release = Release::alone();
    let app = measuring(with_admins(release.launch())).start();
    let mut stranger = Browser::of(&app);
    for _ in 0..5 {
        assert_eq!(stranger.sign_in(SUPERUSER, "a-guess-of-many-guesses").status, 403);
    }
    assert_eq!(stranger.sign_in(SUPERUSER, "a-guess-of-many-guesses").status, 429);
    app.request("GET", "/", &[("Host", "evil.example")]);
    app.get("/nowhere");
    let metrics = app.metrics();
    for (name, value) in [
        (r#"xkcdapp_sign_in_total{result="refused"}"#, 5),
        (r#"xkcdapp_sign_in_total{result="throttled"}"#, 1),
        (r#"xkcdapp_http_requests_total{route="/",method="GET",status="400"}"#, 1),
        (r#"xkcdapp_http_requests_total{route="unmatched",method="GET",status="404"}"#, 1),
    ] {
        assert_eq!(metrics.value(name), value, "{name}");
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn connections_show_as_open_files_beside_their_limit() {
    let release = Release::alone();
    let app = measuring(release.launch()).after(r#"ulimit -n 256; exec "$0" "$@""#).start();
    let before = app.metrics().value("xkcdapp_open_files");
    let idle: Vec<_> = (0..100).map(|_| crate::support::Connection::open(app.address).unwrap()).collect();
    until("they are counted", SOON, || app.metrics().value("xkcdapp_open_files") >= before + 100);
    assert_eq!(app.metrics().value("xkcdapp_open_files_limit"), 256);
    drop(idle);
    until("they are gone", SOON, || app.metrics().value("xkcdapp_open_files") < before + 10);
}
