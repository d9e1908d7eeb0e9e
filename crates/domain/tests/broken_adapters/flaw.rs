//! One thing that an adapter does wrong, and the time in which it does it.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

/// The clause that an adapter breaks.
#[derive(Clone, Copy)]
pub(crate) struct Flaw(Option<&'static str>);

impl Flaw {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) const fn of(clause: &'static str) -> Self {
        Self(Some(clause))
    }

    pub(crate) fn is(self, clause: &str) -> bool {
        self.0 == Some(clause)
    }

    /// Lets others run in the middle of something that should be whole, if this is the flaw.
    pub(crate) async fn pauses(self, clause: &str) {
        if self.is(clause) {
            let_others_run().await;
        }
    }
}

/// Every call does this first, as one that goes over a wire would.
pub(crate) async fn let_others_run() {
    let mut ran = false;
    poll_fn(|context| {
        if ran {
            return Poll::Ready(());
        }
        ran = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "a store in memory keeps time by the real clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
