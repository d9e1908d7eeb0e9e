//! Comics that come from elsewhere, when that is slow or gone.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::of_comics;
use crate::support::{App, Launch, StubUpstream, document, respond_json, until};

#[test]
fn eight_visitors_who_ask_for_eight_comics_at_once_wait_for_one_fetch() {
    const ONE_FETCH: Duration = Duration::from_millis(300);
    let upstream = StubUpstream::answering(|path, stream| {
        thread::sleep(ONE_FETCH);
        let number = path.trim_matches(|it: char| !it.is_ascii_digit()).split('/').next().unwrap();
        respond_json(stream, &document(number.parse().unwrap_or(3_200)))
    });
    let app = Launch::development().upstream(&upstream).start();
    let began = Instant::now();
    thread::scope(|scope| {
        for number in 11..=18 {
            let app = &app;
            scope.spawn(move || assert_eq!(app.get(&format!("/{number}/")).comic(), number));
        }
    });
    let took = began.elapsed();
    assert!(took >= ONE_FETCH && took < 2 * ONE_FETCH, "{took:?}");
}

#[test]
fn a_comic_is_fetched_once() {
    let upstream = StubUpstream::of_comics(60);
    let app = Launch::development().upstream(&upstream).start();
    for _ in 0..5 {
        assert_eq!(app.get("/7/").comic(), 7);
    }
    let asked = upstream.paths().iter().filter(|path| *path == "/7/info.0.json").count();
    assert_eq!(asked, 1);
}

#[test]
fn without_xkcd_a_comic_of_the_app_stands_in_and_says_so() {
    let app = Launch::development().upstream_at("http://127.0.0.1:9").start();
    let page = app.get("/");
    assert_eq!((page.status, page.views()), (200, Some(1)));
    assert!(page.comic() > 1_000_000);
    assert!(page.text().contains("here is a comic that comes with the app"));
}

#[test]
fn a_document_that_is_no_comic_is_not_taken_for_silence() {
    let app = Launch::development()
        .upstream(&StubUpstream::with_documents(vec![serde_json::json!({"num": 7, "title": []})]))
        .start();
    let page = app.get("/7/");
    assert_eq!(page.status, 503);
    let text = page.text();
    assert!(text.contains("gave something that is no comic") && !text.contains("does not answer"), "{text}");
    assert!(text.contains("https://xkcd.com/7/"), "{text}");
    let problem = app.get("/api/comics/7").text();
    assert!(problem.contains("gave something that is no comic"), "{problem}");
}

#[test]
fn what_was_seen_before_is_shown_when_xkcd_is_gone_and_says_of_when_it_is() {
    let data = tempfile::tempdir().unwrap();
    let before = Launch::development().data(data.path()).upstream(&StubUpstream::of_comics(60)).start();
    assert_eq!(before.get("/7/").comic(), 7);
    assert_eq!(before.stop().code, Some(0));

    let gone = || Launch::development().data(data.path()).upstream_at("http://127.0.0.1:9").start();
    let fresh = gone().get("/7/");
    assert_eq!((fresh.comic(), fresh.views()), (7, Some(2)));
    assert!(!fresh.text().contains("as it was on"));
    assert_walks_among(&gone(), 60);

    let database = Connection::open(data.path().join("xkcdapp.db")).unwrap();
    database.execute("UPDATE comics SET fetched_at = unixepoch('2020-02-03 04:05:06')", []).unwrap();
    let app = gone();
    until("it is known that there is nothing newer", Duration::from_secs(5), || {
        let stale = app.get("/7/");
        assert_eq!(stale.comic(), 7);
        stale.text().contains(r#"as it was on <time datetime="2020-02-03">3 February 2020</time>"#)
    });
}

/// The front page shows what is in memory before it shows a comic of the app.
#[track_caller]
fn assert_walks_among(app: &App, newest: u32) {
    let comic = app.get("/").comic();
    assert!(comic <= newest, "{comic} though others are at hand");
}

#[test]
fn xkcd_comes_back_without_a_restart() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let upstream = StubUpstream::answering(move |_, stream| {
        if is_up.load(Ordering::Relaxed) { respond_json(stream, &document(1)) } else { Ok(()) }
    });
    let app = Launch::development().upstream(&upstream).start();
    assert!(app.get("/").comic() > 1_000_000);
    up.store(true, Ordering::Relaxed);
    until("a comic of xkcd is shown", Duration::from_secs(15), || app.get("/").comic() == 1);
}

#[test]
fn every_page_credits_its_author() {
    let app = of_comics(60);
    for path in ["/", "/1/", "/60/"] {
        let page = app.get(path).text();
        assert!(page.contains("Randall Munroe") && page.contains("CC BY-NC 2.5"), "{page}");
    }
}
