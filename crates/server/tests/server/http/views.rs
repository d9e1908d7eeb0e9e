//! What counts as a view, and what does not.

use super::built_in;
use crate::support::{Database, Launch};

#[test]
fn each_view_is_counted_and_shown() {
    let app = built_in();
    let counts = [1, 2, 3].map(|_| app.get("/1000001/").views());
    assert_eq!(counts, [Some(1), Some(2), Some(3)]);
    assert_eq!(app.get("/1000002/").views(), Some(1), "comics are counted one by one");
}

#[test]
fn whatever_is_no_visit_is_not_counted() {
    let data = tempfile::tempdir().unwrap();
    let app = Launch::development().data(data.path()).start();
    for path in ["/", "/1000001/"] {
        assert_eq!(app.request("HEAD", path, &[]).status, 200);
        assert_eq!(app.request("POST", path, &[]).status, 405);
        assert_eq!(app.request("GET", path, &[("Host", "evil.example")]).status, 400);
    }
    for path in [
        "/1000001",
        "/404/",
        "/0/",
        "/nowhere",
        "/robots.txt",
        "/favicon.ico",
        "/version",
        "/health/live",
        "/health/ready",
    ] {
        app.get(path);
    }
    assert_eq!(Database::open(data.path()).views(), 0);
    app.get("/1000001/");
    assert_eq!(Database::open(data.path()).views(), 1);
}

#[test]
fn visitors_leave_nothing_but_counts() {
    let data = tempfile::tempdir().unwrap();
    let app = Launch::development().data(data.path()).start();
    app.get("/1000001/");
    let rows = Database::open(data.path()).rows();
    for visitor in 0..20 {
        let headers = [
            ("Cookie", &*format!("xkcdapp_deck=1.{visitor}-6-1.; xkcdapp_session={visitor}")),
            ("User-Agent", &format!("browser {visitor}")),
            ("X-Forwarded-For", &format!("203.0.113.{visitor}")),
        ];
        for path in ["/1000001/", "/popular/", "/search/?q=a", "/admin/login/", "/nowhere"] {
            app.request("GET", path, &headers);
        }
    }
    let database = Database::open(data.path());
    assert_eq!((database.rows(), database.views()), (rows, 21));
}

#[test]
fn a_prefetch_is_sent_away_so_that_the_visit_is_made_later() {
    let app = built_in();
    for header in [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("X-Moz", "prefetch"),
    ] {
        for path in ["/", "/1000001/"] {
            let answer = app.request("GET", path, &[header]);
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (503, Some("no-store")),
                "{header:?} {path}"
            );
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    assert_eq!(app.get("/1000001/").views(), Some(1));
}

#[test]
fn counts_outlive_the_process() {
    let data = tempfile::tempdir().unwrap();
    let launch = || Launch::development().data(data.path());
    let first = launch().start();
    first.get("/1000001/");
    assert_eq!(first.stop().code, Some(0));
    assert_eq!(launch().start().get("/1000001/").views(), Some(2));
}

#[test]
fn two_processes_count_together() {
    let data = tempfile::tempdir().unwrap();
    let (first, second) =
        (Launch::development().data(data.path()).start(), Launch::development().data(data.path()).start());
    for pair in 0..5 {
        assert_eq!(first.get("/1000001/").views(), Some(2 * pair + 1));
        assert_eq!(second.get("/1000001/").views(), Some(2 * pair + 2));
    }
}
