//! How comics that are not in memory are fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use xkcd_adapters_xkcd::{NoArchive, XkcdComics};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

use crate::stub_upstream::{self, Mode, StubUpstream, document, in_turn, response, sends};
use crate::{DAY, SECOND, comic, config, start, until, within};

fn good(number: u32) -> stub_upstream::Script {
    sends(response(200, "application/json", &document(number)))
}

#[tokio::test(start_paused = true)]
async fn a_comic_is_fetched_once_and_then_in_memory() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);

    for _ in 0..3 {
        let shown = comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap();
        assert_eq!((shown.comic.title.as_str(), shown.stale), ("Title 3", false));
    }

    assert_eq!(upstream.requests(Some(3)), 1);
    let stats = comics.stats();
    assert_eq!((stats.cache_miss, stats.cache_hit, stats.cache_stale), (1, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_of_one_comic_cause_one_fetch() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);
    upstream.set_mode(Mode::Holds);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let comics = comics.clone();
            tokio::spawn(async move { comics.comic(comic(3), within(10 * SECOND)).await })
        })
        .collect();
    until(|| comics.stats().cache_miss == 100).await;
    upstream.set_mode(Mode::Answers);

    for shown in join_all(callers).await {
        assert_eq!(shown.unwrap().unwrap().unwrap().comic.number.get(), 3);
    }
    assert_eq!(upstream.requests(Some(3)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_cold_comics_are_fetched_at_the_same_time() {
    let upstream = StubUpstream::start(8);
    let comics = start(&upstream);
    upstream.set_mode(Mode::Holds);
    let visits = (1..=8).map(|number| comics.comic(comic(number), within(10 * SECOND)));
    let release = async {
        // None of them is answered before all eight were asked for.
        until(|| upstream.requests_by_number() == 8).await;
        upstream.set_mode(Mode::Answers);
    };

    let (shown, ()) = tokio::join!(join_all(visits), release);

    assert!(shown.into_iter().all(|it| it.unwrap().is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_fetches_run_at_once_than_configured() {
    let upstream = StubUpstream::start(8);
    let running = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    for number in 1..=7 {
        let (running, answer) = (Arc::clone(&running), good(number));
        let script: stub_upstream::Script = Arc::new(move |stream| {
            let now = running[0].fetch_add(1, Ordering::SeqCst) + 1;
            running[1].fetch_max(now, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(30));
            running[0].fetch_sub(1, Ordering::SeqCst);
            answer(stream)
        });
        upstream.script(Some(number), script);
    }
    let mut config = config(&upstream);
    config.concurrent_fetches = 2;
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();

    let shown = join_all((1..=7).map(|it| comics.comic(comic(it), within(10 * SECOND)))).await;

    assert!(shown.into_iter().all(|it| it.unwrap().is_some()));
    assert_eq!(running[1].load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_different_comics_at_once_are_refused_at_once() {
    let upstream = StubUpstream::start(8);
    upstream.set_mode(Mode::Holds);
    let mut config = config(&upstream);
    config.concurrent_fetches = 1;
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();
    // The newest, which is fetched at the start, is the first of the four that may be under way.
    let visits = join_all((1..=3).map(|it| comics.comic(comic(it), within(10 * SECOND))));
    let refused = async {
        until(|| comics.stats().cache_miss == 3).await;
        let refused = comics.comic(comic(4), within(10 * SECOND)).await;
        upstream.set_mode(Mode::Answers);
        refused
    };

    let (_, refused) = tokio::join!(visits, refused);

    let Err(ComicSourceError::Unavailable(cause)) = refused else { panic!("{refused:?}") };
    assert_eq!(cause.to_string(), "too many different comics are being fetched");
    assert_eq!(upstream.requests(Some(4)), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_does_not_stop_the_fetch() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);
    upstream.set_mode(Mode::Holds);
    let leaver = tokio::spawn({
        let comics = comics.clone();
        async move { comics.comic(comic(3), within(10 * SECOND)).await }
    });
    until(|| upstream.requests(Some(3)) == 1).await;
    leaver.abort();
    assert!(leaver.await.unwrap_err().is_cancelled());
    upstream.set_mode(Mode::Answers);

    until(|| comics.in_memory(comic(3)).is_some()).await;
    assert_eq!(upstream.requests(Some(3)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_number_without_a_comic_is_asked_for_again_only_after_a_minute() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);

    for _ in 0..3 {
        assert_eq!(comics.comic(comic(8), within(SECOND)).await.unwrap(), None);
    }
    assert_eq!(upstream.requests(Some(8)), 1);

    tokio::time::sleep(Duration::from_mins(1)).await;
    upstream.script(Some(8), good(8));
    assert!(comics.comic(comic(8), within(SECOND)).await.unwrap().is_some());
    assert_eq!(comics.range(within(SECOND)).await.unwrap().newest(), comic(8));
}

#[tokio::test(start_paused = true)]
async fn numbers_that_cannot_exist_are_not_asked_for() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);
    comics.range(within(SECOND)).await.unwrap();

    for number in [18, 5_000, 1_000_001] {
        assert_eq!(comics.comic(comic(number), within(SECOND)).await.unwrap(), None);
    }
    assert_eq!(comics.comic(comic(17), within(SECOND)).await.unwrap(), None);

    assert_eq!(upstream.requests_by_number(), 1);
}

#[tokio::test(start_paused = true)]
async fn numbers_of_built_in_comics_are_absent_whatever_is_known() {
    let upstream = StubUpstream::start(7);
    upstream.set_mode(Mode::Fails);
    let comics = start(&upstream);
    assert_eq!(comics.comic(comic(1_000_001), within(SECOND)).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_may_pass_is_retried_once() {
    let upstream = StubUpstream::start(7);
    let failure = sends(response(500, "text/html", b"<html>"));
    let cut_off: stub_upstream::Script = Arc::new(|_| Ok(()));
    upstream.script(Some(1), in_turn(vec![Arc::clone(&failure)], good(1)));
    upstream.script(Some(2), in_turn(vec![cut_off], good(2)));
    upstream.script(Some(3), failure);
    let comics = start(&upstream);

    assert!(comics.comic(comic(1), within(SECOND)).await.unwrap().is_some());
    assert!(comics.comic(comic(2), within(SECOND)).await.unwrap().is_some());
    let failed = comics.comic(comic(3), within(SECOND)).await;

    assert!(matches!(failed, Err(ComicSourceError::Unavailable(_))));
    assert_eq!([1, 2, 3].map(|it| upstream.requests(Some(it))), [2, 2, 2]);
    let stats = comics.stats();
    assert_eq!((stats.upstream_refused, stats.upstream_unreachable), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn the_newest_is_looked_for_again_after_five_minutes_behind_the_visitors_back() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);
    assert_eq!(comics.range(within(SECOND)).await.unwrap().newest(), comic(7));
    tokio::time::sleep(299 * SECOND).await;
    comics.range(within(SECOND)).await.unwrap();
    assert_eq!(upstream.requests(None), 1);

    upstream.script(None, good(9));
    tokio::time::sleep(2 * SECOND).await;

    assert_eq!(comics.range(within(SECOND)).await.unwrap().newest(), comic(7), "shown at once as it was");
    until(|| comics.status().newest == Some(comic(9))).await;
    assert_eq!(upstream.requests(None), 2);
}

#[tokio::test(start_paused = true)]
async fn the_newest_never_falls() {
    let upstream = StubUpstream::start(7);
    let comics = start(&upstream);
    comics.range(within(SECOND)).await.unwrap();
    upstream.script(None, good(5));
    tokio::time::sleep(301 * SECOND).await;

    comics.range(within(SECOND)).await.unwrap();
    until(|| comics.in_memory(comic(5)).is_some()).await;
    assert_eq!(comics.range(within(SECOND)).await.unwrap().newest(), comic(7));
}

#[tokio::test(start_paused = true)]
async fn a_document_past_its_time_is_shown_at_once_and_refreshed_behind() {
    let upstream = StubUpstream::start(7);
    let archive = crate::FakeArchive::holding([crate::archived(3, "Old", 8 * DAY)]);
    let archive = archive.filled_by_another(365 * DAY);
    let comics = crate::start_over(&upstream, &archive);

    let shown = comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap();
    assert_eq!((shown.comic.title.as_str(), shown.stale), ("Old", false));
    until(|| comics.in_memory(comic(3)).is_some_and(|it| it.comic.title == "Title 3")).await;
    assert_eq!(comics.all_in_memory()[0].title, "Title 3");
    assert_eq!(upstream.requests(Some(3)), 1);
    let stats = comics.stats();
    assert_eq!((stats.cache_miss, stats.cache_hit, stats.cache_stale), (0, 0, 1));
}

#[test]
fn comics_may_be_asked_for_from_another_runtime() {
    let upstream = StubUpstream::start(7);
    let home = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let comics = home.block_on(async { start(&upstream) });
    let visitors = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let shown = visitors.block_on(async { comics.comic(comic(3), within(SECOND)).await });

    assert!(shown.unwrap().is_some());
}
