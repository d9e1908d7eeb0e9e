//! Writes, once, the views that earlier processes could only log.

use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt;

use time::{Duration, OffsetDateTime};
use xkcd_domain::ports::view_counter::{ViewCounter, ViewCounterError};
use xkcd_domain::views::{BatchNumber, ViewBatch, WriterId};

use crate::unwritten::{EVENT, InvalidLine, UnwrittenBatch};

/// How old a line may be. Stores keep what they know of a writer for 400 days; what they have forgotten
/// they would count twice.
const OLDEST: Duration = Duration::days(365);

/// What a replay did.
#[derive(Debug)]
pub struct ReplayReport {
    /// Each batch found, by writer and number. None of them was tried when there are invalid lines.
    pub batches: Vec<ReplayedBatch>,
    /// Lines that should hold a batch and don't: their line numbers, from 1, and why.
    pub invalid_lines: Vec<(usize, InvalidLine)>,
    /// How many lines were about something else.
    pub other_lines: usize,
    /// How many of those name the event in passing: somebody's words, or a batch that a log collector wrapped.
    pub lines_in_passing: usize,
}

impl ReplayReport {
    /// Whether all the views that were found are in the store now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_stored =
            |it: &ReplayedBatch| matches!(it.outcome, ReplayOutcome::Added | ReplayOutcome::AlreadyApplied);
        self.invalid_lines.is_empty() && self.batches.iter().all(is_stored)
    }
}

/// A batch and what became of it. Displays as one line for the operator.
#[derive(Debug)]
pub struct ReplayedBatch {
    /// Who had counted the views.
    pub writer: WriterId,
    /// Which of the writer's batches it is.
    pub number: BatchNumber,
    /// How many views it holds.
    pub views: u64,
    /// What became of it.
    pub outcome: ReplayOutcome,
}

impl fmt::Display for ReplayedBatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { writer, number, views, outcome } = self;
        write!(formatter, "writer {writer}, batch {number}, views {views}: {outcome}")
    }
}

/// What became of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayOutcome {
    /// Its views were added now.
    Added,
    /// The store had it, or a later one of its writer, and changed nothing.
    AlreadyApplied,
    /// It was given up more than 365 days ago.
    TooOld,
    /// Two lines that differ claim to be it. Nothing of its writer was tried.
    Contradicted,
    /// The store failed; whether it holds the batch is not known. Replaying again is safe.
    Failed(ViewCounterError),
    /// Something else has to be put right first, since a batch can't be applied after a later one.
    NotTried,
}

/// The error's causes are left to whoever prints them.
impl fmt::Display for ReplayOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added => formatter.write_str("added"),
            Self::AlreadyApplied => formatter.write_str("skipped, already applied"),
            Self::TooOld => formatter.write_str("refused, older than 365 days"),
            Self::Contradicted => formatter.write_str("refused, two lines that differ have this number"),
            Self::Failed(error) => write!(formatter, "failed, {error}"),
            Self::NotTried => formatter.write_str("not tried"),
        }
    }
}

/// Finds the unwritten batches in lines of a log, in any order, and applies each once, by writer and number.
///
/// All lines of a writer belong into one run: a store takes a batch only before any later one of its
/// writer. For the same reason
///
/// - nothing is applied at all when a line is invalid, since it may be of any writer;
/// - nothing of a writer is applied when two different lines have the same number (equal ones do no harm);
/// - a writer's batches after one that the store failed to apply are not tried.
///
/// A line that is more than 365 days older than `now` is refused by itself.
pub async fn replay(
    counter: &dyn ViewCounter,
    lines: impl IntoIterator<Item = impl AsRef<str>>,
    now: OffsetDateTime,
) -> ReplayReport {
    let mut report =
        ReplayReport { batches: Vec::new(), invalid_lines: Vec::new(), other_lines: 0, lines_in_passing: 0 };
    let mut writers = BTreeMap::<WriterId, Writer>::new();
    for (index, line) in lines.into_iter().enumerate() {
        match UnwrittenBatch::from_line(line.as_ref()) {
            Ok(Some(found)) => writers.entry(found.batch.writer()).or_default().add(found),
            Ok(None) => {
                report.other_lines += 1;
                report.lines_in_passing += usize::from(line.as_ref().contains(EVENT));
            }
            Err(error) => report.invalid_lines.push((index + 1, error)),
        }
    }
    let usable = report.invalid_lines.is_empty();
    for writer in writers.into_values() {
        writer.replay(counter, now, usable, &mut report.batches).await;
    }
    report
}

/// The lines of one writer.
#[derive(Default)]
struct Writer {
    batches: BTreeMap<BatchNumber, Found>,
}

struct Found {
    line: UnwrittenBatch,
    contradicted: bool,
}

impl Writer {
    fn add(&mut self, line: UnwrittenBatch) {
        match self.batches.entry(line.batch.number()) {
            Entry::Vacant(free) => {
                free.insert(Found { line, contradicted: false });
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.contradicted |= known.line != line;
            }
        }
    }

    async fn replay(
        self,
        counter: &dyn ViewCounter,
        now: OffsetDateTime,
        usable: bool,
        replayed: &mut Vec<ReplayedBatch>,
    ) {
        let mut go_on = usable && !self.batches.values().any(|found| found.contradicted);
        for Found { line: UnwrittenBatch { batch, at }, contradicted } in self.batches.into_values() {
            let outcome = if contradicted {
                ReplayOutcome::Contradicted
            } else if now - at > OLDEST {
                ReplayOutcome::TooOld
            } else if go_on {
                apply(counter, &batch).await
            } else {
                ReplayOutcome::NotTried
            };
            go_on &= !matches!(outcome, ReplayOutcome::Failed(_));
            let (writer, number, views) = (batch.writer(), batch.number(), batch.total());
            replayed.push(ReplayedBatch { writer, number, views, outcome });
        }
    }
}

async fn apply(counter: &dyn ViewCounter, batch: &ViewBatch) -> ReplayOutcome {
    match counter.apply(batch).await {
        Ok(applied) if applied.added => ReplayOutcome::Added,
        Ok(_) => ReplayOutcome::AlreadyApplied,
        Err(error) => ReplayOutcome::Failed(error),
    }
}
