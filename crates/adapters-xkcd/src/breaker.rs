//! Whether the upstream is known to be down.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many failures in a row make the upstream known to be down. One timeout is enough.
const FAILURES: u32 = 3;
/// How often an upstream that is down is tried, at most.
pub(crate) const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Closed while the upstream answers; open while it is known to be down: then one fetch at a time, the
/// probe, may find out whether it is back. The first success of any fetch closes it.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    /// How often it was closed again. A fetch from before that says nothing about the upstream of today.
    epoch: u64,
    failures: u32,
    open: Option<Open>,
}

struct Open {
    probing: bool,
    next_probe: Instant,
}

/// The right to one fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket {
    epoch: u64,
    pub(crate) is_probe: bool,
}

/// What a report did to the breaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    None,
    Opened,
    Closed,
}

impl Breaker {
    /// Gives the right to a fetch, unless the upstream is down and it is not time for a probe.
    pub(crate) fn admit(&self, now: Instant) -> Option<Ticket> {
        let mut state = self.state();
        let is_probe = match &mut state.open {
            None => false,
            Some(open) if !open.probing && open.next_probe <= now => {
                *open = Open { probing: true, next_probe: now + PROBE_EVERY };
                true
            }
            Some(_) => return None,
        };
        Some(Ticket { epoch: state.epoch, is_probe })
    }

    /// Whether a fetch that had to wait for its turn should still be made.
    pub(crate) fn still_admits(&self, ticket: Ticket) -> bool {
        ticket.is_probe || self.state().open.is_none()
    }

    /// The upstream answered.
    pub(crate) fn succeeded(&self) -> Change {
        let mut state = self.state();
        state.failures = 0;
        if state.open.take().is_some() {
            state.epoch += 1;
            return Change::Closed;
        }
        Change::None
    }

    /// A fetch failed.
    pub(crate) fn failed(&self, ticket: Ticket, now: Instant) -> Change {
        let mut state = self.state();
        state.end_probe(ticket);
        if ticket.epoch != state.epoch {
            return Change::None;
        }
        state.failures += 1;
        if state.failures < FAILURES { Change::None } else { state.open(now) }
    }

    /// A fetch, or someone who waited for it, ran out of time.
    pub(crate) fn timed_out(&self, ticket: Ticket, now: Instant) -> Change {
        let mut state = self.state();
        if ticket.epoch == state.epoch { state.open(now) } else { Change::None }
    }

    /// A fetch ended and said nothing about the upstream.
    pub(crate) fn gave_up(&self, ticket: Ticket) {
        self.state().end_probe(ticket);
    }

    /// Whether the upstream is known to be down.
    pub(crate) fn is_open(&self) -> bool {
        self.state().open.is_some()
    }

    /// Whether the last fetch failed.
    pub(crate) fn is_failing(&self) -> bool {
        let state = self.state();
        state.failures > 0 || state.open.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, now: Instant) -> Change {
        if self.open.is_some() {
            return Change::None;
        }
        self.open = Some(Open { probing: false, next_probe: now + PROBE_EVERY });
        Change::Opened
    }

    fn end_probe(&mut self, ticket: Ticket) {
        if let Some(open) = self.open.as_mut().filter(|_| ticket.is_probe && ticket.epoch == self.epoch) {
            open.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Breaker, Change, PROBE_EVERY};

    #[test]
    fn three_failures_in_a_row_open_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let ticket = breaker.admit(now).unwrap();
        assert_eq!(breaker.failed(ticket, now), Change::None);
        assert_eq!(breaker.failed(ticket, now), Change::None);
        assert_eq!(breaker.succeeded(), Change::None);
        assert_eq!(breaker.failed(ticket, now), Change::None);
        assert_eq!(breaker.failed(ticket, now), Change::None);
        assert!(!breaker.is_open() && breaker.is_failing());
        assert_eq!(breaker.failed(ticket, now), Change::Opened);
        assert!(breaker.is_open());
        assert_eq!(breaker.failed(ticket, now), Change::None);
    }

    #[test]
    fn one_timeout_opens_it_and_stops_those_who_queue() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let (first, queued) = (breaker.admit(now).unwrap(), breaker.admit(now).unwrap());
        assert!(breaker.still_admits(queued));
        assert_eq!(breaker.timed_out(first, now), Change::Opened);
        assert!(!breaker.still_admits(queued));
    }

    #[test]
    fn an_open_one_admits_one_probe_at_a_time_and_at_most_one_a_second() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.timed_out(breaker.admit(start).unwrap(), start);
        assert_eq!(breaker.admit(start + PROBE_EVERY * 9 / 10), None);
        let probe = breaker.admit(start + PROBE_EVERY).unwrap();
        assert!(probe.is_probe && breaker.still_admits(probe));
        assert_eq!(breaker.admit(start + 5 * PROBE_EVERY), None, "one probe is on its way");
        breaker.timed_out(probe, start + 2 * PROBE_EVERY);
        assert_eq!(
            breaker.admit(start + 5 * PROBE_EVERY),
            None,
            "a caller left, the probe is still on its way"
        );
        breaker.failed(probe, start + 6 * PROBE_EVERY);
        assert!(breaker.admit(start + 6 * PROBE_EVERY).is_some());
    }

    #[test]
    fn a_success_closes_it_and_failures_from_before_do_not_open_it_again() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let old = breaker.admit(now).unwrap();
        breaker.timed_out(old, now);
        assert_eq!(breaker.succeeded(), Change::Closed);
        assert!(!breaker.is_open() && !breaker.is_failing());
        assert_eq!(breaker.timed_out(old, now), Change::None);
        assert_eq!(breaker.failed(old, now), Change::None);
        assert!(!breaker.is_failing());
        assert!(breaker.admit(now).is_some_and(|it| !it.is_probe));
    }
}
