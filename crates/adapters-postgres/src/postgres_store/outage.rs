//! The log of a server that comes and goes: a line when it fails, a line when it is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use xkcd_domain::error_chain::Chain;

use super::PostgresStoreError;

/// How often the cause of an outage is said, at most.
const REPEAT_AFTER: Duration = Duration::from_mins(1);

/// Whether the server is in an outage, and what of it was logged.
#[derive(Default)]
pub(super) struct Outage(Mutex<State>);

#[derive(Default)]
struct State {
    since: Option<Instant>,
    last_line: Option<Instant>,
    /// Whether the last line was about the schema.
    was_about_schema: bool,
    /// Whether there was a line about this outage.
    told: bool,
}

impl Outage {
    /// A call failed because of the server: logged when it is the first one, and once a minute. When the server
    /// has come and its schema is not the right one, that is said at once: nothing else would end the outage.
    pub(super) fn failed(&self, error: &PostgresStoreError) {
        let now = Instant::now();
        let mut state = self.state();
        state.since.get_or_insert(now);
        let is_about_schema = error.is_about_schema();
        let is_news = is_about_schema && !state.was_about_schema;
        if !is_news && state.last_line.is_some_and(|last| now.duration_since(last) < REPEAT_AFTER) {
            return;
        }
        state.last_line = Some(now);
        state.was_about_schema = is_about_schema;
        state.told = true;
        tracing::error!(event = "postgres.unavailable", error = %Chain(error), "trying again until it is back");
    }

    /// A call was answered: logged when that ends an outage that was logged.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.was_about_schema = false;
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
