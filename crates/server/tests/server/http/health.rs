//! What supervisors and load balancers ask.

use std::time::Duration;

use serde_json::{Value, json};

use super::{built_in, of_comics};
use crate::support::{Answer, Connection, Database, Launch, eventually};

#[test]
fn a_running_app_is_live_and_ready() {
    let app = built_in();
    let live = app.get("/health/live");
    assert_eq!((live.status, live.text().as_str()), (200, "live\n"));
    let ready = app.get("/health/ready");
    assert_eq!((ready.status, json_of(&ready)), (200, json!({"status": "ready", "degraded": []})));
    for answer in [live, ready] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn what_does_not_work_is_named_and_the_app_stays_ready() {
    let data = tempfile::tempdir().unwrap();
    let app = Launch::development().data(data.path()).upstream_at("http://127.0.0.1:9").start();
    let _locked = Database::lock(data.path());
    let degraded = eventually("both are named", Duration::from_secs(10), || {
        assert_eq!(app.get("/").status, 200);
        let ready = app.get("/health/ready");
        assert_eq!(ready.status, 200);
        Some(json_of(&ready)["degraded"].clone()).filter(|named| named.as_array().unwrap().len() == 2)
    });
    assert_eq!(degraded, json!(["views", "xkcd"]));
}

#[test]
fn the_version_is_that_of_the_release() {
    let version = built_in().get("/version");
    assert_eq!(json_of(&version), json!({"name": "xkcdapp", "version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(version.header("content-type"), Some("application/json"));
}

#[test]
fn an_app_that_leaves_says_so_and_closes_its_connections() {
    let app = Launch::development().set("XKCDAPP_SHUTDOWN_SECONDS", "8").start();
    let mut visitor = Connection::open(app.address).unwrap();
    assert_eq!(visitor.request("GET", "/", &[]).unwrap().header("connection"), None);
    app.signal("TERM");
    let draining = eventually("it says that it leaves", Duration::from_secs(1), || {
        Some(app.get("/health/ready")).filter(|answer| answer.status == 503)
    });
    assert_eq!(json_of(&draining), json!({"status": "draining", "degraded": []}));
    assert_eq!(app.get("/health/live").status, 200);

    let page = visitor.request("GET", "/", &[]).unwrap();
    assert_eq!(page.status, 200, "visitors are served to the end");
    assert!(
        page.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close")),
        "{:?}",
        page.headers
    );
    assert!(visitor.is_at_its_end(Duration::from_secs(1)));

    let ended = app.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.took < Duration::from_secs(4), "nobody is left, and it waits {:?}", ended.took);
}

#[test]
fn an_app_that_nobody_visits_ends_at_once() {
    let ended = of_comics(60).stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.took < Duration::from_millis(1_500), "{:?}", ended.took);
    assert_eq!(ended.errors, [""; 0]);
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}
