//! A store that fails, hangs and loses answers: every view counts once, and soon after the store is back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::sleep;
use xkcd_domain::faulty::{Call, Fault, Faulty};
use xkcd_group_commit::{Counted, GroupCommit, GroupCommitConfig, UnwrittenBatch, replay};

use crate::scripted_counter::{Answer, ScriptedCounter, Step};
use crate::{SECOND, WRITER, batch, comic, start, stored, visit, within};

#[tokio::test(start_paused = true)]
async fn a_batch_whose_answer_was_lost_counts_once() {
    let store = ScriptedCounter::new([Step::LOSES_THE_ANSWER, Step::APPLIES_AND_HANGS], Step::WORKS);
    let views = start(&store);

    assert_eq!(views.count(comic(353), within(10 * SECOND)).await, Ok(stored(1)));
    assert_eq!(store.sent().len(), 3);
    let status = views.status();
    assert_eq!((status.batches_written, status.batches_repeated, status.batches_failed), (1, 1, 2));
}

/// An honest store behind a line that is slow, then dead, then mute, then loses an answer.
#[tokio::test(start_paused = true)]
async fn views_through_a_line_with_every_fault_count_once() {
    const LATENCY: Duration = Duration::from_millis(100);
    let store = ScriptedCounter::new([], Step::WORKS);
    let line = Arc::new(Faulty::new(Arc::clone(&store), |Call { nth, .. }| async move {
        sleep(LATENCY).await;
        match nth {
            1 => Fault::Unavailable,
            2 => Fault::Hang,
            3 => Fault::HangingAnswer,
            4 => Fault::LostAnswer,
            _ => Fault::None,
        }
    }));
    let views = GroupCommit::start(Arc::clone(&line) as _, WRITER, GroupCommitConfig::default());

    assert_eq!(views.count(comic(353), within(10 * SECOND)).await, Ok(stored(1)));
    assert_eq!(line.calls("apply"), 5);
    assert_eq!(store.sent(), vec![batch(WRITER, 1, &[(353, 1)]); 3]);
    assert_eq!(store.count(353), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_was_sent_stays_as_it_is_while_new_views_gather() {
    let store = ScriptedCounter::new([], Step::FAILS);
    let views = start(&store);
    let before = visit(&views, 353);
    sleep(SECOND / 10).await;
    let meanwhile = [visit(&views, 353), visit(&views, 1)];
    sleep(SECOND / 10).await;
    assert_eq!(views.status().pending, 3);
    store.turn_to(Step::WORKS);

    assert_eq!(before.await.unwrap(), Ok(stored(1)));
    sleep(SECOND).await;
    let mut sent = store.sent();
    assert_eq!(sent.pop(), Some(batch(WRITER, 2, &[(1, 1), (353, 1)])));
    assert!(sent.len() > 3, "no retries");
    assert!(sent.iter().all(|it| *it == batch(WRITER, 1, &[(353, 1)])));
    for visitor in meanwhile {
        // The store was known to be down when they came.
        assert_eq!(visitor.await.unwrap(), Ok(Counted::Waiting));
    }
    assert_eq!(store.count(353), 2);
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_panics_or_holds_nonsense_is_tried_again() {
    let panics = Step { applies: false, answer: Answer::Panic, ..Step::WORKS };
    let nonsense = Step { answer: Answer::Corrupt, ..panics };
    let store = ScriptedCounter::new([panics, nonsense], Step::WORKS);
    let views = start(&store);

    assert_eq!(views.count(comic(353), within(SECOND)).await, Ok(stored(1)));
}

#[tokio::test(start_paused = true)]
async fn retries_begin_almost_at_once_and_never_come_more_than_a_second_apart() {
    let store = ScriptedCounter::new([], Step::FAILS);
    let views = start(&store);
    visit(&views, 353);
    sleep(60 * SECOND).await;

    let sent = store.sent_at();
    let gaps: Vec<_> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[0] <= Duration::from_millis(25), "{:?}", gaps[0]);
    assert!(gaps.iter().all(|gap| *gap <= SECOND), "{gaps:?}");
    assert!(gaps.len() < 300, "{} retries in a minute", gaps.len());
}

#[tokio::test(start_paused = true)]
async fn everything_is_written_within_three_seconds_of_the_return_of_the_store() {
    for down in [Step::FAILS, Step::HANGS, Step { takes: SECOND, ..Step::FAILS }] {
        for tenths in 0..60 {
            let store = ScriptedCounter::new([], down);
            let views = start(&store);
            for number in 1_000..4_300 {
                visit(&views, number);
            }
            sleep(tenths * SECOND / 10).await;
            store.turn_to(Step::WORKS);
            sleep(3 * SECOND).await;

            assert_eq!(views.status().pending, 0, "{down:?} for {tenths} tenths of a second");
            assert_eq!(store.sum(), 3_300);
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        4 => Just(Answer::Totals),
        3 => Just(Answer::Unavailable),
        1 => Just(Answer::Never),
        1 => Just(Answer::Panic),
    ];
    (0_u64..40, any::<bool>(), answer).prop_map(|(millis, applies, answer)| Step {
        takes: Duration::from_millis(millis),
        applies: applies || answer == Answer::Totals,
        answer,
    })
}

/// A visitor: when after the one before, in milliseconds, of which comic, and for how long.
fn any_visit() -> impl Strategy<Value = (u64, u32, u64)> {
    (0_u64..30, 1_u32..6, 0_u64..1_000)
}

async fn visitor(views: GroupCommit, store: Arc<ScriptedCounter>, number: u32, deadline: std::time::Instant) {
    let told = views.count(comic(number), deadline).await.unwrap();
    assert!(within(Duration::ZERO) <= deadline + Duration::from_millis(1), "overtime");
    if let Counted::Stored(total) = told {
        assert!(total.get() >= 1 && total.get() <= store.count(number), "shown, not stored");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A number shown is stored, every view is in the store once, and what the store could not take by
    /// the end is on lines that complete it.
    #[test]
    fn every_view_counts_once_whatever_the_store_does(
        script in vec(any_step(), 0..40),
        visits in vec(any_visit(), 1..60),
        store_returns in any::<bool>(),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let afterwards = if store_returns { Step::WORKS } else { Step::FAILS };
            let store = ScriptedCounter::new(script, afterwards);
            let views = start(&store);
            let mut expected = BTreeMap::<u32, u64>::new();
            let mut visitors = Vec::new();
            for (after, number, patience) in visits {
                sleep(Duration::from_millis(after)).await;
                *expected.entry(number).or_default() += 1;
                let deadline = within(Duration::from_millis(patience));
                visitors.push(tokio::spawn(visitor(views.clone(), Arc::clone(&store), number, deadline)));
            }
            for visitor in visitors {
                visitor.await.unwrap();
            }

            let unwritten = views.finish(within(5 * SECOND)).await;
            // By then the process is gone, with whatever it was about to do.
            sleep(SECOND).await;
            let lines = unwritten.into_iter().map(|batch| {
                UnwrittenBatch { batch, at: time::OffsetDateTime::UNIX_EPOCH }.to_line()
            });
            store.turn_to(Step::WORKS);
            let report = replay(store.as_ref(), lines, time::OffsetDateTime::UNIX_EPOCH).await;

            assert!(report.is_complete());
            for (number, count) in expected {
                assert_eq!(store.count(number), count, "comic {number}");
            }
        });
    }
}
