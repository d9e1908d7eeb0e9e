//! Waiting without a runtime, and the only clock in this crate: an adapter's time is real time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

use super::{Outcome, Violation};

/// The moment.
#[expect(clippy::disallowed_methods, reason = "deadlines of a port are moments of the real clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// The moment after a time.
pub(super) fn after(time: Duration) -> Instant {
    now() + time
}

/// Comes to its end after a time, on a thread that ends with it.
pub(super) async fn pause(time: Duration) {
    let alarm = Arc::new(Alarm::default());
    let _silenced = Silenced(Arc::clone(&alarm));
    let sleeper = Arc::clone(&alarm);
    thread::spawn(move || sleeper.ring_after(time));
    poll_fn(|context| {
        let mut state = alarm.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.over {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}

/// What a future gives, or `None` when it takes longer than `limit`.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(pause(limit))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}

/// Asks again and again until the answer is yes.
///
/// # Errors
///
/// When it is no for 2.5 s.
pub(super) async fn eventually<F>(what: &str, mut ask: impl FnMut() -> F) -> Outcome
where
    F: Future<Output = Result<bool, Violation>>,
{
    let last = after(Duration::from_millis(2_500));
    while !ask().await? {
        if now() > last {
            return Err(Violation(format!("2.5 s passed before {what}")));
        }
        pause(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Polls a future once and drops it: a caller that leaves in the middle.
pub(super) async fn begin_and_leave(future: impl Future) {
    let mut future = Box::pin(future);
    poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

#[derive(Default)]
struct Alarm {
    state: Mutex<State>,
    silenced: Condvar,
}

#[derive(Default)]
struct State {
    over: bool,
    waker: Option<Waker>,
}

impl Alarm {
    fn ring_after(&self, time: Duration) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.silenced.wait_timeout_while(state, time, |state| !state.over);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.over = true;
        if let Some(waker) = state.waker.take() {
            drop(state);
            waker.wake();
        }
    }
}

/// Ends the thread of a pause that nobody waits for any more.
struct Silenced(Arc<Alarm>);

impl Drop for Silenced {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.0.silenced.notify_all();
    }
}
