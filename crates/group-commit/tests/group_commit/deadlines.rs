//! How long visitors wait, and that those who leave harm nobody.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use xkcd_group_commit::{Counted, GroupCommit, GroupCommitConfig};

use crate::scripted_counter::{ScriptedCounter, Step};
use crate::{SECOND, WRITER, batch, comic, start, stored, visit, within};

const DEGRADED_WAIT: Duration = Duration::from_millis(50);

/// What a visitor is told who would wait for a second, and how long that takes.
async fn timed(views: &GroupCommit) -> (Counted, Duration) {
    let begun = Instant::now();
    let counted = views.count(comic(353), within(SECOND)).await.unwrap();
    (counted, begun.elapsed())
}

fn about(expected: Duration) -> std::ops::RangeInclusive<Duration> {
    // The clock of tokio's timers ticks in milliseconds.
    expected..=expected + Duration::from_millis(2)
}

#[tokio::test(start_paused = true)]
async fn one_waits_in_vain_then_all_wait_briefly_until_the_store_writes_again() {
    let store = ScriptedCounter::new([], Step::HANGS);
    let views = start(&store);

    let (counted, waited) = timed(&views).await;
    assert_eq!(counted, Counted::Waiting);
    assert!(about(SECOND).contains(&waited), "{waited:?}");
    assert!(views.status().degraded);
    assert!(!views.status().reached);

    let (counted, waited) = timed(&views).await;
    assert_eq!(counted, Counted::Waiting);
    assert!(about(DEGRADED_WAIT).contains(&waited), "{waited:?}");
    assert_eq!(views.status().pending, 2);

    store.turn_to(Step::works_after(2 * DEGRADED_WAIT));
    sleep(3 * SECOND).await;
    assert!(!views.status().degraded);
    assert!(views.status().reached);
    // Slower than the brief wait, yet shown: nobody is hurried any more.
    assert_eq!(timed(&views).await.0, stored(3));
}

#[tokio::test(start_paused = true)]
async fn one_failure_is_overcome_unseen_but_the_second_in_a_row_makes_waits_brief() {
    let store = ScriptedCounter::new([Step::FAILS], Step::WORKS);
    let views = start(&store);
    let first = visit(&views, 353);
    // Sooner than the first retry.
    sleep(Duration::from_millis(5)).await;
    assert_eq!(views.status().batches_failed, 1);
    assert!(!views.status().degraded);
    assert_eq!(first.await.unwrap(), Ok(stored(1)));

    store.turn_to(Step::FAILS);
    visit(&views, 353);
    sleep(SECOND / 10).await;
    assert!(views.status().degraded);
    let (counted, waited) = timed(&views).await;
    assert_eq!(counted, Counted::Waiting);
    assert!(about(DEGRADED_WAIT).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_visitor_short_of_time_does_not_make_a_store_that_writes_look_down() {
    let slow = Duration::from_millis(30);
    let store = ScriptedCounter::new([], Step::works_after(slow));
    let views = start(&store);
    visit(&views, 1);
    sleep(slow / 2).await;

    // The batch before is written while this one waits, its own is not yet.
    let counted = views.count(comic(2), within(slow)).await;

    assert_eq!(counted, Ok(Counted::Waiting));
    assert!(!views.status().degraded);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_takes_the_view_and_does_not_wait() {
    let store = ScriptedCounter::new([], Step::WORKS);
    let views = start(&store);
    let past = within(Duration::ZERO);
    sleep(SECOND).await;

    assert_eq!(views.count(comic(353), past).await, Ok(Counted::Waiting));
    assert_eq!(views.count(comic(353), within(SECOND)).await, Ok(stored(2)));
    assert!(!views.status().degraded);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_who_leaves_is_counted_and_disturbs_nobody() {
    let store = ScriptedCounter::new([], Step::works_after(SECOND / 10));
    let views = start(&store);
    let stays = visit(&views, 353);
    tokio::task::yield_now().await;
    {
        let mut context = Context::from_waker(Waker::noop());
        let leaves = pin!(views.count(comic(353), within(SECOND)));
        assert!(leaves.poll(&mut context).is_pending());
        let never_polled = views.count(comic(353), within(SECOND));
        drop(never_polled);
    }
    let comes_later = visit(&views, 353);

    assert_eq!(stays.await.unwrap(), Ok(stored(1)));
    assert_eq!(comes_later.await.unwrap(), Ok(stored(3)));
    assert_eq!(store.sent(), [batch(WRITER, 1, &[(353, 1)]), batch(WRITER, 2, &[(353, 2)])]);
}

/// Dropped after every number of polls it can take, while the store fails, hangs and works.
#[tokio::test(start_paused = true)]
async fn a_visit_may_be_dropped_at_any_point() {
    for polls in 1..6 {
        let store = ScriptedCounter::new([Step::LOSES_THE_ANSWER, Step::HANGS], Step::WORKS);
        let views = start(&store);
        let mut polled = 0;
        let mut leaves = Box::pin(views.count(comic(353), within(SECOND)));
        std::future::poll_fn(|context| {
            polled += 1;
            let done = leaves.as_mut().poll(context).is_ready();
            if done || polled == polls { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(leaves);
        sleep(5 * SECOND).await;

        assert_eq!(views.count(comic(353), within(SECOND)).await, Ok(stored(2)));
    }
}

#[test]
fn without_the_runtime_of_the_store_a_visit_ends_at_its_deadline_and_no_view_is_lost() {
    let store = ScriptedCounter::new([], Step::HANGS);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let of_the_store = runtime();
    let views = of_the_store.block_on(async {
        let views = GroupCommit::start(Arc::clone(&store) as _, WRITER, GroupCommitConfig::default());
        let counted = views.count(comic(1), within(DEGRADED_WAIT)).await;
        assert_eq!(counted, Ok(Counted::Waiting));
        views
    });
    drop(of_the_store);

    let unwritten = runtime().block_on(async {
        assert_eq!(views.count(comic(2), within(DEGRADED_WAIT)).await, Ok(Counted::Waiting));
        views.finish(within(3600 * SECOND)).await
    });

    assert_eq!(unwritten, [batch(WRITER, 1, &[(1, 1)]), batch(WRITER, 2, &[(2, 1)])]);
}
