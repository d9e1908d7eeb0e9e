//! Says once that Redis is unavailable, and once that it is back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use xkcd_domain::error_chain::Chain;

use super::RedisStoreError;

/// However often Redis comes and goes, no line comes more often than this.
const PAUSE: Duration = Duration::from_mins(1);

/// What has been said of an outage.
#[derive(Default)]
pub(super) struct OutageLog(Mutex<State>);

#[derive(Default)]
struct State {
    outage: Option<Outage>,
    said_at: Option<Instant>,
}

struct Outage {
    since: Instant,
    failures: u64,
    was_said: bool,
}

impl OutageLog {
    /// Takes note of how a call ended.
    pub(super) fn note<T>(&self, outcome: &Result<T, RedisStoreError>, now: Instant) {
        match outcome {
            // It answered: what it holds is another matter.
            Ok(_) | Err(RedisStoreError::Corrupt(_)) => self.answered(now),
            Err(error) => self.failed(error, now),
        }
    }

    fn failed(&self, error: &RedisStoreError, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may_say = state.said_at.is_none_or(|said_at| now.saturating_duration_since(said_at) >= PAUSE);
        let outage = state.outage.get_or_insert(Outage { since: now, failures: 0, was_said: false });
        outage.failures += 1;
        if may_say {
            outage.was_said = true;
            tracing::error!(
                event = "redis.unavailable",
                error = %Chain(error),
                outage.seconds = now.saturating_duration_since(outage.since).as_secs_f64(),
                outage.failed_calls = outage.failures,
                "Redis does not serve: nobody can sign in or use the admin site until it does"
            );
            state.said_at = Some(now);
        }
    }

    fn answered(&self, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(outage) = state.outage.take().filter(|outage| outage.was_said) else { return };
        tracing::info!(
            event = "redis.available",
            outage.seconds = now.saturating_duration_since(outage.since).as_secs_f64(),
            outage.failed_calls = outage.failures,
            "Redis serves again"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The events of these calls, each so many seconds after the start.
    fn events(calls: &[(u64, Result<(), RedisStoreError>)]) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let (log, start) = (OutageLog::default(), Instant::now());
            for (seconds, outcome) in calls {
                log.note(outcome, start + Duration::from_secs(*seconds));
            }
        });
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    fn lost() -> Result<(), RedisStoreError> {
        Err(RedisStoreError::Lost("broken pipe".into()))
    }

    #[test]
    fn an_outage_is_said_once_with_its_cause_and_once_more_when_it_is_over() {
        let said = events(&[(0, Ok(())), (1, lost()), (2, lost()), (30, lost()), (31, Ok(())), (32, Ok(()))]);

        let [begun, over] = &said[..] else { panic!("{said:#?}") };
        assert!(begun.contains("ERROR") && begun.contains("redis.unavailable"), "{begun}");
        assert!(begun.contains("the connection to Redis was lost: broken pipe"), "{begun}");
        assert!(over.contains("redis.available") && over.contains("outage.failed_calls=3"), "{over}");
    }

    #[test]
    fn an_outage_that_lasts_is_said_again_once_a_minute() {
        let calls: Vec<_> = (0..150).map(|second| (second, lost())).collect();

        assert_eq!(events(&calls).len(), 3);
    }

    #[test]
    fn a_server_that_comes_and_goes_does_not_flood_the_log() {
        let calls: Vec<_> =
            (0..60).map(|second| (second, if second % 2 == 0 { lost() } else { Ok(()) })).collect();

        assert_eq!(events(&calls).len(), 2);
    }
}
