//! An upstream that is down, and one that comes back.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use xkcd_adapters_xkcd::{NoArchive, XkcdComics, XkcdConfig};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

use crate::stub_upstream::{Mode, Script, StubUpstream, document, in_turn, response, sends, silent};
use crate::{DAY, FakeArchive, SECOND, archived, comic, config, start, start_over, until, within};

fn is_unavailable<T>(result: &Result<T, ComicSourceError>) -> bool {
    matches!(result, Err(ComicSourceError::Unavailable(_)))
}

#[tokio::test(start_paused = true)]
async fn an_old_document_is_marked_stale_while_a_fresh_one_cannot_be_had() {
    let upstream = StubUpstream::start(7);
    upstream.set_mode(Mode::Fails);
    let archive = FakeArchive::holding([archived(3, "Old", 8 * DAY), archived(4, "New", DAY)]);
    let comics = start_over(&upstream, &archive.filled_by_another(365 * DAY));

    let shown = comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap();
    assert_eq!(shown.comic.title, "Old");
    // The newest and this one, each tried twice.
    until(|| comics.stats().upstream_refused == 4).await;
    assert!(comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap().stale);
    assert!(!comics.comic(comic(4), within(SECOND)).await.unwrap().unwrap().stale, "it is not old");

    upstream.set_mode(Mode::Answers);
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap().comic.title, "Old");
    until(|| comics.in_memory(comic(3)).is_some_and(|it| it.comic.title == "Title 3" && !it.stale)).await;
}

#[tokio::test(start_paused = true)]
async fn a_document_that_became_garbage_leaves_the_old_one_stale() {
    let upstream = StubUpstream::start(7);
    upstream.script(Some(3), sends(response(200, "application/json", b"[]")));
    let archive = FakeArchive::holding([archived(3, "Old", 8 * DAY)]);
    let comics = start_over(&upstream, &archive.filled_by_another(365 * DAY));

    comics.comic(comic(3), within(SECOND)).await.unwrap();
    until(|| comics.in_memory(comic(3)).is_some_and(|it| it.stale)).await;
    for _ in 0..5 {
        assert!(comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap().stale);
    }
    assert_eq!(upstream.requests(Some(3)), 1, "it is not asked for again at once");
}

#[tokio::test(start_paused = true)]
async fn documents_that_are_no_comics_do_not_take_the_upstream_down() {
    let upstream = StubUpstream::start(7);
    for number in 1..=4 {
        upstream.script(Some(number), sends(response(200, "application/json", b"[]")));
    }
    let comics = start(&upstream);
    for number in 1..=4 {
        let refused = comics.comic(comic(number), within(SECOND)).await;
        assert!(matches!(refused, Err(ComicSourceError::Corrupt(_))), "{refused:?}");
    }
    assert!(!comics.status().upstream_down);
    assert!(comics.comic(comic(5), within(SECOND)).await.unwrap().is_some_and(|it| !it.stale));
}

#[tokio::test(start_paused = true)]
async fn after_three_failures_the_upstream_is_not_asked_by_visitors() {
    let upstream = StubUpstream::start(7);
    upstream.set_mode(Mode::Fails);
    let comics = start(&upstream);
    for number in 1..=3 {
        assert!(is_unavailable(&comics.comic(comic(number), within(SECOND)).await));
    }
    assert!(comics.status().upstream_down);
    assert_eq!(comics.status().last_error.as_deref(), Some("the upstream answered with status 503"));

    let before = upstream.requests_by_number();
    for number in 4..=7 {
        assert!(is_unavailable(&comics.comic(comic(number), within(SECOND)).await));
    }
    assert_eq!(upstream.requests_by_number(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_one_timeout_nobody_waits_longer_than_50_milliseconds() {
    let upstream = StubUpstream::start(7);
    upstream.set_mode(Mode::Holds);
    let comics = start(&upstream);
    assert!(is_unavailable(&comics.comic(comic(1), within(SECOND / 2)).await));
    assert!(comics.status().upstream_down);

    // Both what is being fetched and what is not.
    for number in [1, 1, 2, 3] {
        let asked = Instant::now();
        assert!(is_unavailable(&comics.comic(comic(number), within(10 * SECOND)).await));
        assert!(is_unavailable(&comics.range(within(10 * SECOND)).await));
        // 100 ms for the two, and what a busy machine takes.
        assert!(asked.elapsed() < SECOND / 2, "{:?}", asked.elapsed());
    }
    upstream.set_mode(Mode::Answers);
    until(|| !comics.status().upstream_down).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_runs_out_of_time_is_a_timeout_too() {
    let upstream = StubUpstream::start(7);
    upstream.set_mode(Mode::Holds);
    let mut config = config(&upstream);
    config.fetch_timeout = SECOND / 5;
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();

    // Nobody waits for the newest, which is looked for at the start.
    until(|| comics.status().upstream_down).await;

    assert!(comics.stats().upstream_timeout > 0);
    upstream.set_mode(Mode::Answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_waited_in_vain_tells_those_after_him() {
    let upstream = StubUpstream::start(7);
    upstream.script(Some(1), silent());
    let comics = start(&upstream);
    comics.range(within(10 * SECOND)).await.unwrap();

    assert!(is_unavailable(&comics.comic(comic(1), within(Duration::from_millis(400))).await));

    assert!(comics.status().upstream_down, "the fetch itself still has more than four seconds");
    assert_eq!(comics.status().last_error.as_deref(), Some("the upstream did not answer in time"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_with_little_time_left_says_nothing_about_the_upstream() {
    let upstream = StubUpstream::start(7);
    upstream.script(Some(1), silent());
    let comics = start(&upstream);
    comics.range(within(10 * SECOND)).await.unwrap();

    // However long others have been waiting.
    for _ in 0..20 {
        assert!(is_unavailable(&comics.comic(comic(1), within(Duration::from_millis(20))).await));
    }

    assert!(!comics.status().upstream_down);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_ones_own_says_nothing_about_the_upstream() {
    let upstream = StubUpstream::start(7);
    for number in 1..=4 {
        let good = sends(response(200, "application/json", &document(number)));
        let slow: Script = Arc::new(move |stream| {
            std::thread::sleep(Duration::from_millis(950));
            good(stream)
        });
        upstream.script(Some(number), slow);
    }
    let mut config = config(&upstream);
    config.concurrent_fetches = 1;
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();
    comics.range(within(10 * SECOND)).await.unwrap();

    // One after the other: the third has its turn when there is little time left, the fourth never has.
    let deadline = within(2 * SECOND);
    let answers =
        futures_util::future::join_all((1..=4).map(|number| comics.comic(comic(number), deadline))).await;

    assert_eq!(answers.iter().filter(|it| matches!(it, Ok(Some(_)))).count(), 2);
    assert_eq!(answers.iter().filter(|it| is_unavailable(it)).count(), 2);
    assert!(!comics.status().upstream_down);
    until(|| (1..=4).all(|number| comics.in_memory(comic(number)).is_some())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_back_is_found_without_a_visitor() {
    let upstream = StubUpstream::start(7);
    // It hangs at the start and when it is tried for the first time.
    let good = sends(response(200, "application/json", &document(7)));
    upstream.script(None, in_turn(vec![silent(), silent()], good));
    let mut config = config(&upstream);
    config.fetch_timeout = SECOND / 5;
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();
    until(|| comics.status().upstream_down).await;

    until(|| !comics.status().upstream_down).await;

    assert_eq!(upstream.requests(None), 3);
    assert_eq!(comics.status().last_error, None);
    assert!(comics.comic(comic(2), within(10 * SECOND)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_unavailable() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let config = XkcdConfig::new(format!("http://{nobody}"), "a test".to_owned());
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();

    assert!(is_unavailable(&comics.comic(comic(1), within(10 * SECOND)).await));
    assert!(is_unavailable(&comics.range(within(10 * SECOND)).await));
    assert!(comics.stats().upstream_unreachable > 0);
}
