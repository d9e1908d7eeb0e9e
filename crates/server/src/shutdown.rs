//! How the app ends in good order: it says so to those who ask for its health, lets visitors go elsewhere,
//! answers those who are still there, and writes what is left.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// For how long nobody must have come before the app is taken to be left alone.
const QUIET: Duration = Duration::from_secs(1);
/// How long a load balancer may take to send nobody here any more.
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

/// Who is being served.
#[derive(Debug)]
pub struct Traffic {
    since: Instant,
    in_flight: AtomicUsize,
    /// Milliseconds from `since` to the last request, plus one; zero before the first.
    last: AtomicU64,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { since: Instant::now(), in_flight: AtomicUsize::new(0), last: AtomicU64::new(0) }
    }
}

/// A request that is being served, until this is dropped.
#[derive(Debug)]
pub struct InFlight<'a>(&'a Traffic);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Traffic {
    /// Notes a request.
    pub fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.last.store(self.now() + 1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Whether nobody is served now, nor was for a while.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        let quiet = u64::try_from(QUIET.as_millis()).unwrap_or(u64::MAX);
        self.in_flight.load(Ordering::Relaxed) == 0 && (last == 0 || self.now() >= last + quiet)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The parts of the shutdown time, all from the moment it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timetable {
    /// Until then visitors are still taken, while health checks say that the app is leaving.
    pub drained: Instant,
    /// Until then those in flight are answered.
    pub answered: Instant,
    /// Until then views are written.
    pub written: Instant,
}

impl Timetable {
    /// A quarter of the time, but not more than a few seconds, for being left; half for answering; the rest
    /// for writing.
    #[must_use]
    pub fn new(now: Instant, time: Duration) -> Self {
        let drained = now + LONGEST_DRAIN.min(time / 4);
        Self { drained, answered: drained + time / 2, written: now + time }
    }
}

/// Returns on SIGTERM or SIGINT.
///
/// # Errors
///
/// When the process can't listen to signals.
pub async fn asked_to_stop() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_shutdown_time_add_up() {
        let now = Instant::now();
        for seconds in [1, 4, 20, 3600] {
            let time = Duration::from_secs(seconds);
            let table = Timetable::new(now, time);
            assert!(table.drained <= table.answered && table.answered < table.written, "{seconds}");
            assert_eq!(table.written - now, time);
            assert!(table.drained - now <= LONGEST_DRAIN);
        }
    }

    #[test]
    fn an_app_that_nobody_asks_is_quiet_and_one_that_serves_is_not() {
        let traffic = Traffic::default();
        assert!(traffic.is_quiet());
        let request = traffic.begin();
        assert!(!traffic.is_quiet());
        drop(request);
        assert!(!traffic.is_quiet(), "somebody was there a moment ago");
    }
}
