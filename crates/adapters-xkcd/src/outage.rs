//! The log of something outside that comes and goes: a line when it fails, a line when it is back.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use xkcd_domain::error_chain::Chain;

/// Whether something outside is in an outage, and what it last failed with.
pub(crate) struct Outage {
    /// `event` of the line that tells of its beginning, and of the one that tells of its end.
    events: [&'static str; 2],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    since: Option<Instant>,
    last_error: Option<String>,
}

impl Outage {
    pub(crate) fn of_upstream() -> Self {
        Self { events: ["upstream.unavailable", "upstream.available"], state: Mutex::default() }
    }

    pub(crate) fn of_archive() -> Self {
        Self { events: ["archive.unavailable", "archive.available"], state: Mutex::default() }
    }

    /// Something failed, which alone is no outage.
    pub(crate) fn failed(&self, error: &dyn Error) {
        self.state().last_error = Some(Chain(error).to_string());
    }

    /// The failures are an outage: logged, unless it has been already.
    pub(crate) fn begins(&self) {
        let mut state = self.state();
        if state.since.is_some() {
            return;
        }
        state.since = Some(Instant::now());
        let error = state.last_error.as_deref().unwrap_or_default();
        tracing::warn!(event = self.events[0], error, "comics are shown from memory until it is back");
    }

    /// Something succeeded. `true` when that ends an outage, which is logged.
    pub(crate) fn succeeded(&self) -> bool {
        let mut state = self.state();
        state.last_error = None;
        let Some(since) = state.since.take() else { return false };
        let seconds = since.elapsed().as_secs_f64();
        tracing::info!(event = self.events[1], outage.seconds = seconds, "it is back");
        true
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        self.state().last_error.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
