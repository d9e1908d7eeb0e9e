//! The log of a server that comes and goes: a line when it fails, a line when it is back.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use xkcd_domain::error_chain::Chain;

/// How often the cause of an outage is said, at most.
const REPEAT_AFTER: Duration = Duration::from_mins(1);

/// Whether the server is in an outage, and what of it was logged.
#[derive(Default)]
pub(super) struct Outage(Mutex<State>);

#[derive(Default)]
struct State {
    since: Option<Instant>,
    last_line: Option<Instant>,
    /// Whether there was a line about this outage.
    told: bool,
}

impl Outage {
    /// A call failed because of the server: logged when it is the first one, and once a minute.
    pub(super) fn failed(&self, error: &(dyn Error + 'static)) {
        let now = Instant::now();
        let mut state = self.state();
        state.since.get_or_insert(now);
        if state.last_line.is_some_and(|last| now.duration_since(last) < REPEAT_AFTER) {
            return;
        }
        state.last_line = Some(now);
        state.told = true;
        tracing::error!(event = "postgres.unavailable", error = %Chain(error), "trying again until it is back");
    }

    /// A call was answered: logged when that ends an outage that was logged.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        let Some(since) = state.since.take() else { return };
        if std::mem::take(&mut state.told) {
            let seconds = since.elapsed().as_secs_f64();
            tracing::info!(event = "postgres.available", outage.seconds = seconds, "it is back");
        }
    }

    pub(super) fn lasts(&self) -> bool {
        self.state().since.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
