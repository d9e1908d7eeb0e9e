//! The end of a process: what can be written is, the rest is handed back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use xkcd_domain::views::ViewBatch;
use xkcd_group_commit::{Closed, Counted};

use crate::scripted_counter::{ScriptedCounter, Step};
use crate::{SECOND, WRITER, batch, comic, start, stored, visit, within};

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_and_nothing_is_taken_any_more() {
    let store = ScriptedCounter::new([], Step::works_after(SECOND / 10));
    let views = start(&store);
    let visitors: Vec<_> = (1_000..1_700).map(|number| visit(&views, number)).collect();
    tokio::task::yield_now().await;
    let begun = Instant::now();

    assert_eq!(views.finish(within(20 * SECOND)).await, []);

    assert!(begun.elapsed() < SECOND, "waited longer than it took");
    assert_eq!(store.sum(), 700);
    for visitor in visitors {
        assert_eq!(visitor.await.unwrap(), Ok(stored(1)));
    }
    assert_eq!(views.count(comic(1), within(SECOND)).await, Err(Closed));
    assert_eq!(views.finish(within(SECOND)).await, []);
    assert_eq!(store.sum(), 700);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_written_comes_back_with_the_batch_in_flight_first() {
    let store = ScriptedCounter::new([Step::WORKS], Step::FAILS);
    let views = start(&store);
    assert_eq!(views.count(comic(1), within(SECOND)).await, Ok(stored(1)));
    visit(&views, 353);
    sleep(SECOND / 10).await;
    for number in 1_000..2_100 {
        visit(&views, number);
    }
    visit(&views, 353);
    tokio::task::yield_now().await;

    let unwritten = views.finish(within(5 * SECOND)).await;

    assert_eq!(unwritten[0], batch(WRITER, 2, &[(353, 1)]));
    assert_eq!(store.sent().last(), Some(&unwritten[0]));
    let numbers: Vec<_> = unwritten.iter().map(|batch| batch.number().get()).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
    assert!(unwritten.iter().all(|batch| batch.views().len() <= ViewBatch::MAX_COMICS));
    assert_eq!(unwritten.iter().map(ViewBatch::total).sum::<u64>(), 1 + 1_100 + 1);
    assert_eq!(views.finish(within(SECOND)).await, []);
    assert_eq!(views.status().pending, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_any_more_once_the_rest_was_handed_back() {
    let store = ScriptedCounter::new([], Step::FAILS);
    let views = start(&store);
    visit(&views, 353);
    tokio::task::yield_now().await;
    let unwritten = views.finish(within(SECOND)).await;
    assert_eq!(unwritten, [batch(WRITER, 1, &[(353, 1)])]);
    store.turn_to(Step::WORKS);
    let sent = store.sent().len();

    sleep(60 * SECOND).await;

    assert_eq!(store.sent().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_who_waits_while_the_app_stops_is_told_the_truth() {
    let store = ScriptedCounter::new([], Step::HANGS);
    let views = start(&store);
    let visitor = visit(&views, 353);
    tokio::task::yield_now().await;

    let unwritten = views.finish(within(Duration::from_millis(100))).await;

    assert_eq!(unwritten.len(), 1);
    assert_eq!(visitor.await.unwrap(), Ok(Counted::Waiting));
}

#[tokio::test(start_paused = true)]
async fn the_store_that_returns_in_time_gets_everything() {
    let store = ScriptedCounter::new([], Step::FAILS);
    let views = start(&store);
    for number in 1_000..1_600 {
        visit(&views, number);
    }
    sleep(SECOND).await;
    let finishing = tokio::spawn({
        let views = views.clone();
        async move { views.finish(within(10 * SECOND)).await }
    });
    sleep(5 * SECOND).await;
    store.turn_to(Step::WORKS);

    assert_eq!(finishing.await.unwrap(), []);
    assert_eq!(store.sum(), 600);
}

#[tokio::test(start_paused = true)]
async fn without_a_handle_what_waits_is_written_and_the_worker_ends() {
    let store = ScriptedCounter::new([Step::FAILS], Step::WORKS);
    let views = start(&store);
    visit(&views, 353).abort();
    assert_eq!(views.count(comic(1), within(Duration::ZERO)).await, Ok(Counted::Waiting));
    drop(views);

    sleep(SECOND).await;

    assert_eq!(store.count(1), 1);
    assert_eq!(Arc::strong_count(&store), 1, "the worker is still there");
}
