//! A store in memory that keeps the port's contract and fails as told.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

/// How one call of `apply` goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// How long it takes before anything happens.
    pub(crate) takes: Duration,
    /// Whether the batch gets into the store.
    pub(crate) applies: bool,
    /// What the caller hears.
    pub(crate) answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Totals,
    Unavailable,
    Corrupt,
    Never,
    Panic,
}

impl Step {
    pub(crate) const WORKS: Self = Self::works_after(Duration::ZERO);
    pub(crate) const FAILS: Self = Self { applies: false, answer: Answer::Unavailable, ..Self::WORKS };
    pub(crate) const HANGS: Self = Self { applies: false, answer: Answer::Never, ..Self::WORKS };
    pub(crate) const LOSES_THE_ANSWER: Self = Self { answer: Answer::Unavailable, ..Self::WORKS };
    pub(crate) const APPLIES_AND_HANGS: Self = Self { answer: Answer::Never, ..Self::WORKS };

    pub(crate) const fn works_after(takes: Duration) -> Self {
        Self { takes, applies: true, answer: Answer::Totals }
    }
}

pub(crate) struct ScriptedCounter {
    state: Mutex<State>,
}

struct State {
    script: VecDeque<Step>,
    afterwards: Step,
    counts: BTreeMap<ComicNumber, u64>,
    last_batch: BTreeMap<WriterId, BatchNumber>,
    sent: Vec<(Instant, ViewBatch)>,
    under_way: u32,
}

impl ScriptedCounter {
    /// Goes through the script, then goes on as `afterwards` says.
    pub(crate) fn new(script: impl Into<VecDeque<Step>>, afterwards: Step) -> Arc<Self> {
        let state = State {
            script: script.into(),
            afterwards,
            counts: BTreeMap::new(),
            last_batch: BTreeMap::new(),
            sent: Vec::new(),
            under_way: 0,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Calls that come from now on go like this.
    pub(crate) fn turn_to(&self, step: Step) {
        let mut state = self.state.lock().unwrap();
        state.script.clear();
        state.afterwards = step;
    }

    pub(crate) fn count(&self, number: u32) -> u64 {
        let number = ComicNumber::try_from(number).unwrap();
        self.state.lock().unwrap().counts.get(&number).copied().unwrap_or(0)
    }

    pub(crate) fn sum(&self) -> u64 {
        self.state.lock().unwrap().counts.values().sum()
    }

    /// Every batch that was sent, once for each attempt, in order.
    pub(crate) fn sent(&self) -> Vec<ViewBatch> {
        self.state.lock().unwrap().sent.iter().map(|(_, batch)| batch.clone()).collect()
    }

    pub(crate) fn sent_at(&self) -> Vec<Instant> {
        self.state.lock().unwrap().sent.iter().map(|(at, _)| *at).collect()
    }

    fn begin(&self, batch: &ViewBatch) -> (Step, UnderWay<'_>) {
        let mut state = self.state.lock().unwrap();
        assert_eq!(state.under_way, 0, "two batches in flight");
        state.under_way = 1;
        state.sent.push((Instant::now(), batch.clone()));
        let step = state.script.pop_front().unwrap_or(state.afterwards);
        (step, UnderWay(self))
    }

    fn apply_now(&self, batch: &ViewBatch) -> AppliedBatch {
        let mut state = self.state.lock().unwrap();
        let added = state.last_batch.get(&batch.writer()).is_none_or(|last| batch.number() > *last);
        if added {
            state.last_batch.insert(batch.writer(), batch.number());
            for (comic, count) in batch.views() {
                *state.counts.entry(*comic).or_default() += u64::from(*count);
            }
        }
        let total = |comic| ViewCount::try_from(state.counts.get(comic).copied().unwrap_or(0)).unwrap();
        AppliedBatch {
            totals: batch.views().iter().map(|(comic, _)| (*comic, total(comic))).collect(),
            added,
        }
    }
}

/// Ends with the call, also when that is dropped.
struct UnderWay<'a>(&'a ScriptedCounter);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().under_way = 0;
    }
}

#[async_trait]
impl ViewCounter for ScriptedCounter {
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        let (step, _under_way) = self.begin(batch);
        if step.takes > Duration::ZERO {
            sleep(step.takes).await;
        }
        let applied = step.applies.then(|| self.apply_now(batch));
        match (step.answer, applied) {
            (Answer::Totals, Some(applied)) => Ok(applied),
            (Answer::Totals | Answer::Unavailable, _) => Err(ViewCounterError::Unavailable("script".into())),
            (Answer::Corrupt, _) => Err(ViewCounterError::Corrupt("script".into())),
            (Answer::Never, _) => pending().await,
            (Answer::Panic, _) => panic!("as scripted"),
        }
    }

    async fn totals(
        &self,
        _comics: &[ComicNumber],
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError> {
        unreachable!("a group commit reads nothing")
    }

    async fn most_viewed(&self, _limit: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError> {
        unreachable!("a group commit reads nothing")
    }
}
