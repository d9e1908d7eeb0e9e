//! A fetch that is under way, for all who wait for it.

use std::sync::Arc;

use tokio::sync::watch;

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
}

impl Flight {
    /// A flight, and where its outcome is to be sent.
    pub(crate) fn take_off(ticket: Ticket) -> (Self, watch::Sender<Option<Outcome>>) {
        let (sender, outcome) = watch::channel(None);
        (Self { outcome, ticket: Some(ticket) }, sender)
    }

    /// One that has ended before it began, because its outcome is known.
    pub(crate) fn landed(outcome: Outcome) -> Self {
        let (_, outcome) = watch::channel(Some(outcome));
        Self { outcome, ticket: None }
    }

    /// Waits for the outcome.
    pub(crate) async fn outcome(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        let landed = outcome.wait_for(Option::is_some).await;
        // The sender is gone without a word when the runtime that fetches was shut down.
        landed.ok().and_then(|it| it.clone()).unwrap_or_else(|| Err(Arc::new(FetchError::Ended)))
    }
}
