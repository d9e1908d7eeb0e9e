//! The one that writes: one batch in flight, sent again unchanged until the store is known to hold it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until, timeout};
use xkcd_domain::error_chain::Chain;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::ViewBatch;

use crate::gathering::{Frozen, Gathering};
use crate::group_commit::GroupCommitConfig;

/// How soon the first retry comes, before jitter: a connection that broke while idle fails once.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(10);

/// Writes what is gathered, batch after batch.
pub(crate) struct Worker {
    pub(crate) gathering: Arc<Gathering>,
    pub(crate) counter: Arc<dyn ViewCounter>,
    pub(crate) config: GroupCommitConfig,
}

impl Worker {
    /// Ends when the gathering is closed and all is written.
    pub(crate) async fn run(self) {
        while let Some(Frozen { batch, outcomes }) = self.gathering.next_batch().await {
            let applied = self.write(&batch).await;
            self.gathering.written(!applied.added);
            for (comic, outcome) in outcomes {
                if let Some(total) = applied.totals.get(&comic) {
                    // Only the worker sets an outcome, once: there is no second value to refuse.
                    let _ = outcome.set(*total);
                }
            }
        }
    }

    /// Sends the batch until the store answers that it holds it.
    async fn write(&self, batch: &ViewBatch) -> AppliedBatch {
        let first_sent = Instant::now();
        let mut delays = retry_delays(self.config.longest_retry_delay);
        let mut failures: u32 = 0;
        loop {
            let sent = Instant::now();
            match self.attempt(batch).await {
                Ok(applied) => {
                    if failures > 0 {
                        self.log_recovery(first_sent.elapsed(), failures);
                    }
                    return applied;
                }
                Err(failure) => {
                    failures = failures.saturating_add(1);
                    self.gathering.failed(failures);
                    if failures == 1 {
                        log_outage(&failure);
                    }
                }
            }
            // Delays count from when an attempt was sent, so that one that hung has waited enough already.
            sleep_until(sent + delays.next().unwrap_or(self.config.longest_retry_delay)).await;
        }
    }

    async fn attempt(&self, batch: &ViewBatch) -> Result<AppliedBatch, AttemptError> {
        let limit = self.config.attempt_timeout;
        // A counter that panics must not take the worker, and with it all later views, down.
        let apply = AssertUnwindSafe(async { self.counter.apply(batch).await }).catch_unwind();
        match timeout(limit, apply).await {
            Ok(Ok(answer)) => answer.map_err(AttemptError::Store),
            Ok(Err(_)) => Err(AttemptError::Panicked),
            Err(_) => Err(AttemptError::TimedOut { limit }),
        }
    }

    fn log_recovery(&self, outage: Duration, failures: u32) {
        tracing::info!(
            event = "views.available",
            outage.seconds = outage.as_secs_f64(),
            outage.failed_attempts = failures,
            views.pending = self.gathering.status().pending,
            "views are written again"
        );
    }
}

fn log_outage(failure: &AttemptError) {
    tracing::warn!(
        event = "views.unavailable",
        error = %Chain(failure),
        "views can't be written and wait; trying again until they are"
    );
}

/// Exponentially growing delays without end, each with jitter and at most `longest`.
fn retry_delays(longest: Duration) -> impl Iterator<Item = Duration> {
    // Jitter adds up to as much again.
    let longest_before_jitter = longest / 2;
    ExponentialBuilder::new()
        .with_min_delay(FIRST_RETRY_DELAY.min(longest_before_jitter))
        .with_max_delay(longest_before_jitter)
        .without_max_times()
        .with_jitter()
        .build()
}

/// Why it is not known that a batch is in the store.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error(transparent)]
    Store(ViewCounterError),
    #[error("the view store did not answer within {limit:?}")]
    TimedOut { limit: Duration },
    #[error("the view counter panicked")]
    Panicked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_comes_almost_at_once_and_none_later_than_the_longest_delay() {
        let longest = Duration::from_millis(500);
        let delays: Vec<_> = retry_delays(longest).take(1_000).collect();

        assert!(delays[0] <= Duration::from_millis(20), "{:?}", delays[0]);
        assert!(delays[100..].iter().all(|delay| (longest / 2..=longest).contains(delay)));
        assert!(delays[100..].iter().any(|delay| *delay != delays[100]), "no jitter");
    }

    #[test]
    fn an_error_is_logged_with_its_causes_each_once() {
        let failure = AttemptError::Store(ViewCounterError::Unavailable("connection refused".into()));

        assert_eq!(Chain(&failure).to_string(), "the view store can't be reached: connection refused");
    }
}
