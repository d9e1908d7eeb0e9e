//! Everything that visitors and the worker share: the views that wait, the batch in flight, and whether the
//! store answers. One short lock guards it, and no guard leaves this file, so none is held across an await.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, SetOnce};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

use crate::group_commit::GroupCommitStatus;

/// A comic's total after the batch that its waiting views go out with; unset until that is committed.
///
/// It belongs to the comic, not to the visitor: someone who leaves leaves nothing behind, and someone whose
/// comic does not fit into a batch keeps waiting for the right one without being told.
pub(crate) type Outcome = Arc<SetOnce<ViewCount>>;

/// What waits, what is in flight, what is known of the store.
pub(crate) struct Gathering {
    writer: WriterId,
    state: Mutex<State>,
    arrived: Notify,
}

/// A view that was taken.
pub(crate) struct Taken {
    /// Where the comic's new total will be.
    pub(crate) outcome: Outcome,
    /// Whether the store is known to be down.
    pub(crate) degraded: bool,
    written_before: u64,
}

/// A batch whose number and content don't change any more, and where to tell its totals.
pub(crate) struct Frozen {
    pub(crate) batch: Arc<ViewBatch>,
    pub(crate) outcomes: Vec<(ComicNumber, Outcome)>,
}

impl Gathering {
    pub(crate) fn new(writer: WriterId) -> Self {
        let state = State {
            waiting: BTreeMap::new(),
            in_flight: None,
            next_number: BatchNumber::FIRST,
            next_turn: ComicNumber::ONE,
            closed: false,
            degraded: false,
            written: 0,
            repeated: 0,
            failed: 0,
        };
        Self { writer, state: Mutex::new(state), arrived: Notify::new() }
    }

    /// Takes a view; `None` once closed.
    pub(crate) fn take(&self, comic: ComicNumber) -> Option<Taken> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        let worker_may_sleep = state.waiting.is_empty();
        let waiting = state.waiting.entry(comic).or_default();
        waiting.views += 1;
        let outcome = Arc::clone(&waiting.outcome);
        let taken = Taken { outcome, degraded: state.degraded, written_before: state.written };
        drop(state);
        if worker_may_sleep {
            self.arrived.notify_one();
        }
        Some(taken)
    }

    /// Notes that a visitor gave up. When the store wrote nothing at all in the meantime it is taken to be
    /// down, until it writes again.
    pub(crate) fn gave_up(&self, taken: &Taken) {
        let mut state = self.lock();
        if state.written == taken.written_before {
            state.degraded = true;
        }
    }

    /// The next batch, frozen and in flight, as soon as a view waits; `None` once closed and all is written.
    pub(crate) async fn next_batch(&self) -> Option<Frozen> {
        loop {
            {
                let mut state = self.lock();
                let frozen = state.freeze(self.writer);
                if frozen.is_some() || state.closed {
                    return frozen;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// Notes an attempt that failed, the `in_a_row`-th one.
    pub(crate) fn failed(&self, in_a_row: u32) {
        let mut state = self.lock();
        state.failed += 1;
        // The first failure may be a connection that broke while idle: the next attempt tells.
        state.degraded |= in_a_row > 1;
    }

    /// Notes that the batch in flight is in the store, `repeated` when an earlier attempt had put it there.
    pub(crate) fn written(&self, repeated: bool) {
        let mut state = self.lock();
        state.in_flight = None;
        state.degraded = false;
        state.written += 1;
        state.repeated += u64::from(repeated);
    }

    /// Takes no more views, and lets the worker end when all is written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Takes out what is not known to be written: the batch in flight as it was sent, then the views that
    /// wait, cut into batches under the numbers after it.
    pub(crate) fn take_unwritten(&self) -> Vec<ViewBatch> {
        let mut state = self.lock();
        let mut batches: Vec<_> = state.in_flight.take().into_iter().collect();
        while let Some(frozen) = state.freeze(self.writer) {
            batches.push(frozen.batch);
        }
        state.in_flight = None;
        batches.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    pub(crate) fn status(&self) -> GroupCommitStatus {
        let state = self.lock();
        let waiting: u64 = state.waiting.values().map(|it| it.views).sum();
        GroupCommitStatus {
            pending: waiting + state.in_flight.as_ref().map_or(0, |batch| batch.total()),
            degraded: state.degraded,
            reached: state.written > 0,
            batches_written: state.written,
            batches_repeated: state.repeated,
            batches_failed: state.failed,
        }
    }

    /// Nothing under the lock panics, so a poisoned lock guards a state that is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    waiting: BTreeMap<ComicNumber, Waiting>,
    in_flight: Option<Arc<ViewBatch>>,
    next_number: BatchNumber,
    /// The comic that the next batch begins with when not all of them fit.
    next_turn: ComicNumber,
    closed: bool,
    degraded: bool,
    written: u64,
    repeated: u64,
    failed: u64,
}

/// Views of one comic. An outage may gather more of them than a batch can say.
#[derive(Default)]
struct Waiting {
    views: u64,
    outcome: Outcome,
}

impl State {
    /// Freezes what waits, as far as it fits, under the next number and puts it in flight; `None` when
    /// nothing waits.
    fn freeze(&mut self, writer: WriterId) -> Option<Frozen> {
        let mut views = BTreeMap::new();
        let mut outcomes = Vec::new();
        for (comic, Waiting { views: all, outcome }) in self.due() {
            let count = u32::try_from(all).unwrap_or(u32::MAX);
            let rest = all - u64::from(count);
            if rest > 0 {
                self.waiting.insert(comic, Waiting { views: rest, ..Waiting::default() });
            }
            views.insert(comic, count);
            outcomes.push((comic, outcome));
        }
        // What is due fits, so a batch is refused only for being empty.
        let batch = Arc::new(ViewBatch::new(writer, self.next_number, views).ok()?);
        self.next_number = self.next_number.next();
        self.in_flight = Some(Arc::clone(&batch));
        Some(Frozen { batch, outcomes })
    }

    /// Takes out what the next batch is to hold: everything, or where that is too much, the comics whose
    /// turn it is. Under a load that never fits, always beginning with the lowest would starve the highest.
    fn due(&mut self) -> BTreeMap<ComicNumber, Waiting> {
        if self.waiting.len() <= ViewBatch::MAX_COMICS {
            return mem::take(&mut self.waiting);
        }
        let from_here_on = self.waiting.range(self.next_turn..);
        let mut in_turn = from_here_on.chain(self.waiting.range(..self.next_turn)).map(|(comic, _)| *comic);
        let due: Vec<_> = in_turn.by_ref().take(ViewBatch::MAX_COMICS).collect();
        self.next_turn = in_turn.next().unwrap_or(ComicNumber::ONE);
        due.iter().filter_map(|comic| self.waiting.remove_entry(comic)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comic(number: u32) -> ComicNumber {
        number.try_into().unwrap()
    }

    fn gathering() -> Gathering {
        Gathering::new(WriterId::from_random(1))
    }

    #[test]
    fn views_beyond_what_a_batch_can_say_go_into_the_next_one() {
        let gathering = gathering();
        gathering.take(comic(7)).unwrap();
        gathering.lock().waiting.get_mut(&comic(7)).unwrap().views = u64::from(u32::MAX) + 5;

        let batches = gathering.take_unwritten();

        let views: Vec<_> = batches.iter().map(|batch| batch.views().to_vec()).collect();
        assert_eq!(views, [vec![(comic(7), u32::MAX)], vec![(comic(7), 5)]]);
    }

    #[test]
    fn a_hundred_thousand_visitors_who_gave_up_leave_one_entry() {
        let gathering = gathering();
        for _ in 0..100_000 {
            let taken = gathering.take(comic(7)).unwrap();
            gathering.gave_up(&taken);
        }

        let state = gathering.lock();
        assert_eq!(state.waiting.len(), 1);
        assert_eq!(state.waiting[&comic(7)].views, 100_000);
        assert_eq!(Arc::strong_count(&state.waiting[&comic(7)].outcome), 1);
    }

    #[test]
    fn every_comic_has_its_turn_even_when_the_lowest_ones_come_again_and_again() {
        let gathering = gathering();
        for number in 1_001..=2_001 {
            gathering.take(comic(number)).unwrap();
        }
        let mut frozen = Vec::new();
        for _ in 0..3 {
            let batch = gathering.lock().freeze(gathering.writer).unwrap().batch;
            for (comic, _) in batch.views().iter().take(400) {
                gathering.take(*comic).unwrap();
            }
            frozen.push((batch.views()[0].0.get(), batch.views().len()));
        }

        // The third batch holds the last comic, and what came again from the beginning.
        assert_eq!(frozen, [(1_001, 500), (1_501, 500), (1_001, 500)]);
        assert!(!gathering.lock().waiting.contains_key(&comic(2_001)));
    }
}
