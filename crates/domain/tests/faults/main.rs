//! `Faulty`: each call of each port goes as the plan says.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod every_call;

use std::collections::BTreeMap;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use futures_executor::block_on;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::error_chain::Chain;
use xkcd_domain::faulty::{Call, Fault, Faulty};
use xkcd_domain::ports::view_counter::{AppliedBatch, MockViewCounter, ViewCounter, ViewCounterError};
use xkcd_domain::views::{BatchNumber, ViewBatch, WriterId};

/// A counter that must be asked so many times.
fn asked(times: usize) -> Arc<MockViewCounter> {
    let mut counter = MockViewCounter::new();
    counter
        .expect_apply()
        .times(times)
        .returning(|_| Ok(AppliedBatch { totals: BTreeMap::new(), added: true }));
    counter.expect_totals().times(0..).returning(|_| Ok(BTreeMap::new()));
    Arc::new(counter)
}

fn batch() -> ViewBatch {
    let views = BTreeMap::from([(ComicNumber::ONE, 1)]);
    ViewBatch::new(WriterId::from_random(7), BatchNumber::FIRST, views).unwrap()
}

#[test]
fn only_the_call_that_is_meant_fails() {
    let counter = Faulty::new(asked(2), |call| {
        ready(match call {
            Call { method: "apply", nth: 2 } => Fault::Unavailable,
            _ => Fault::None,
        })
    });
    block_on(async {
        assert!(counter.apply(&batch()).await.is_ok());
        assert!(counter.totals(&[]).await.is_ok());
        assert!(counter.totals(&[]).await.is_ok());
        let error = counter.apply(&batch()).await.unwrap_err();
        let told = Chain(&error).to_string();
        assert_eq!(told, "the view store can't be reached: a fault was injected into call 2 of apply");
        assert!(counter.apply(&batch()).await.is_ok());
    });
    assert_eq!(["apply", "totals", "most_viewed"].map(|method| counter.calls(method)), [3, 2, 0]);
}

#[test]
fn a_call_whose_answer_is_lost_has_done_its_work() {
    let counter = Faulty::new(asked(1), |_| ready(Fault::LostAnswer));
    let told = block_on(counter.apply(&batch()));
    assert!(matches!(told, Err(ViewCounterError::Unavailable(_))), "{told:?}");
}

#[test]
fn a_call_that_hangs_never_ends_and_has_done_its_work_only_where_the_answer_hangs() {
    for (fault, times) in [(Fault::Hang, 0), (Fault::HangingAnswer, 1)] {
        let counter = Faulty::new(asked(times), move |_| ready(fault));
        let batch = batch();
        let mut call = counter.apply(&batch);
        let mut context = Context::from_waker(Waker::noop());
        assert!((0..3).all(|_| call.as_mut().poll(&mut context).is_pending()), "{fault:?}");
    }
}

#[test]
fn a_plan_that_waits_holds_the_call_up_before_it_reaches_the_adapter() {
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let counter = Faulty::new(asked(1), move |_| {
        let gate = Arc::clone(&gate);
        async move {
            poll_fn(|_| if gate.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }).await;
            Fault::None
        }
    });
    let batch = batch();
    let mut context = Context::from_waker(Waker::noop());
    let mut left = counter.apply(&batch);
    assert!(left.as_mut().poll(&mut context).is_pending());
    drop(left);

    let mut call = counter.apply(&batch);
    assert!(call.as_mut().poll(&mut context).is_pending());
    open.store(true, Ordering::Relaxed);
    assert!(matches!(call.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
}
