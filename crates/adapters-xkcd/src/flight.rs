//! A fetch that is under way, for all who wait for it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::breaker::Ticket;
use crate::fetch_error::FetchError;
use crate::memory::Held;

/// What a fetch gave; `None` when there is no such comic.
pub(crate) type Outcome = Result<Option<Held>, Arc<FetchError>>;

/// A fetch that is under way. It goes on whether or not anyone waits.
#[derive(Clone)]
pub(crate) struct Flight {
    outcome: watch::Receiver<Option<Outcome>>,
    /// The right it was made by; `None` when none was needed.
    pub(crate) ticket: Option<Ticket>,
    /// When its turn came, and the upstream was asked.
    asked: Arc<OnceLock<Instant>>,
}

impl Flight {
    /// A flight, and where its outcome is to be sent.
    pub(crate) fn take_off(ticket: Ticket) -> (Self, watch::Sender<Option<Outcome>>) {
        let (sender, outcome) = watch::channel(None);
        (Self { outcome, ticket: Some(ticket), asked: Arc::default() }, sender)
    }

    /// One that has ended before it began, because its outcome is known.
    pub(crate) fn landed(outcome: Outcome) -> Self {
        let (_, outcome) = watch::channel(Some(outcome));
        Self { outcome, ticket: None, asked: Arc::default() }
    }

    /// Its turn has come.
    pub(crate) fn ask(&self) {
        let _ = self.asked.set(Instant::now());
    }

    /// How long the upstream has been asked for.
    pub(crate) fn asked_for(&self) -> Duration {
        self.asked.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Waits for the outcome.
    pub(crate) async fn outcome(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        let landed = outcome.wait_for(Option::is_some).await;
        // The sender is gone without a word when the runtime that fetches was shut down.
        landed.ok().and_then(|it| it.clone()).unwrap_or_else(|| Err(Arc::new(FetchError::Ended)))
    }
}
