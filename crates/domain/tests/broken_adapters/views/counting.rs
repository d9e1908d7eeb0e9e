//! The visitors' side.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use async_trait::async_trait;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::{ViewBatch, ViewCount};

use super::{FlawedViews, Row, State, TODAY, count};
use crate::flaw::let_others_run;

/// The right to be in the middle of a batch, given back also by who is dropped there.
struct Busy<'a>(&'a FlawedViews);

impl<'a> Busy<'a> {
    async fn claim(views: &'a FlawedViews) -> Self {
        while std::mem::replace(&mut views.state.lock().unwrap().busy, true) {
            let_others_run().await;
        }
        Self(views)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().busy = false;
    }
}

impl FlawedViews {
    fn is_new(&self, state: &State, batch: &ViewBatch) -> bool {
        let number = batch.number().get();
        let Some(writer) = state.writers.get(&batch.writer()) else {
            let ahead = state.writers.values().any(|it| it.last >= 7);
            return !(ahead && self.flaw.is("writers_have_numbers_of_their_own"));
        };
        if self.flaw.is("a_lower_number_changes_nothing") {
            number != writer.last
        } else if self.flaw.is("numbers_may_be_left_out") {
            number == writer.last + 1
        } else if self.flaw.is("numbers_go_up_to_the_largest") {
            i32::try_from(number).unwrap_or(i32::MAX) > i32::try_from(writer.last).unwrap_or(i32::MAX)
        } else {
            number > writer.last
        }
    }

    fn register(state: &mut State, batch: &ViewBatch) {
        let writer = state.writers.entry(batch.writer()).or_default();
        writer.last = batch.number().get();
        *state.days.entry(TODAY).or_default() += batch.total();
    }

    /// Adds the views to what the rows hold, or to what they held before.
    fn add(&self, state: &mut State, batch: &ViewBatch, before: Option<&[u64]>) {
        let fits = if self.flaw.is("as_many_comics_as_a_batch_holds_are_counted") { 499 } else { 500 };
        for (index, (comic, added)) in batch.views().iter().take(fits).enumerate() {
            let miscounts = *added == 3 && self.flaw.is("a_batch_adds_its_views");
            let added = u64::from(*added) - u64::from(miscounts);
            let held = before.map_or_else(|| state.views(*comic), |it| it[index]);
            let mut views = self.held_then(state, *comic, held) + added;
            if self.flaw.is("counts_beyond_32_bits_are_exact") {
                views &= u64::from(u32::MAX);
            }
            let version = match state.rows.get(comic) {
                Some(_) if held == 1 && self.flaw.is("views_do_not_change_a_version") => state.next_version(),
                Some(row) => row.version,
                None if self.flaw.is("a_row_that_came_back_has_a_version_never_used") => 1,
                None => state.next_version(),
            };
            if state.rows.insert(*comic, Row { views, version }).is_none() {
                state.arrivals.push(*comic);
            }
        }
    }

    /// What a row is taken to hold when views come.
    fn held_then(&self, state: &mut State, comic: ComicNumber, held: u64) -> u64 {
        if self.flaw.is("a_row_can_be_added") && state.added.remove(&comic) {
            return 0;
        }
        if self.flaw.is("views_after_a_removal_start_from_zero") && !state.rows.contains_key(&comic) {
            return state.removed.get(&comic).copied().filter(|it| *it == 3).unwrap_or(0);
        }
        held
    }

    fn answer(&self, mut state: MutexGuard<'_, State>, batch: &ViewBatch, added: bool) -> AppliedBatch {
        let mut comics: Vec<_> = batch.views().iter().map(|(comic, _)| *comic).collect();
        let mut writer = state.writers.get(&batch.writer()).cloned().unwrap_or_default();
        if self.flaw.is("totals_have_every_comic_of_the_batch_and_no_other") {
            comics.extend(&writer.comics);
        }
        if self.flaw.is("a_removed_comic_counts_as_zero_in_a_repeated_batch") {
            comics.retain(|it| state.rows.contains_key(it));
        }
        let mut totals: BTreeMap<_, _> =
            comics.iter().map(|comic| (*comic, count(state.views(*comic)))).collect();
        let repeated = !added && batch.number().get() == writer.last;
        if repeated && self.flaw.is("a_batch_applied_again_changes_nothing") {
            totals.clone_from(&writer.totals);
        }
        if repeated && self.flaw.is("days_have_the_views_of_batches") {
            *state.days.entry(TODAY).or_default() += batch.total();
        }
        writer.comics = comics;
        writer.totals.clone_from(&totals);
        state.writers.insert(batch.writer(), writer);
        AppliedBatch { totals, added }
    }

    /// The rows as they are now, when this adapter is one that adds to them later.
    fn read_ahead(&self, batch: &ViewBatch) -> Option<Vec<u64>> {
        let reads = self.flaw.is("writers_at_the_same_time_lose_nothing")
            || self.flaw.is("the_sums_add_up_after_everything_at_once");
        let state = self.state.lock().unwrap();
        reads.then(|| batch.views().iter().map(|(comic, _)| state.views(*comic)).collect())
    }
}

#[async_trait]
impl ViewCounter for FlawedViews {
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        let forgets_dropped = self.flaw.is("a_call_that_is_dropped_counts_wholly_or_not");
        if !forgets_dropped {
            let_others_run().await;
        }
        let early = self.is_new(&self.state.lock().unwrap(), batch);
        let before = self.read_ahead(batch);
        if before.is_some() {
            let_others_run().await;
        }
        self.flaw.pauses("one_batch_sent_many_times_at_once_counts_once").await;
        let trusts_early = self.flaw.is("one_batch_sent_many_times_at_once_counts_once");
        let _busy = Busy::claim(self).await;
        let added = {
            let mut state = self.state.lock().unwrap();
            let new = if trusts_early { early } else { self.is_new(&state, batch) };
            if new {
                Self::register(&mut state, batch);
            }
            new
        };
        if added && forgets_dropped {
            let_others_run().await;
        }
        let mut state = self.state.lock().unwrap();
        if added {
            self.add(&mut state, batch, before.as_deref());
        }
        Ok(self.answer(state, batch, added))
    }

    async fn totals(
        &self,
        comics: &[ComicNumber],
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError> {
        let (some, others) = comics.split_at(comics.len() / 2);
        let mut totals = BTreeMap::new();
        for (index, part) in [some, others].into_iter().enumerate() {
            if index > 0 {
                self.flaw.pauses("a_batch_is_seen_wholly_or_not").await;
            }
            let state = self.state.lock().unwrap();
            totals.extend(part.iter().filter_map(|comic| {
                let absent = self.flaw.is("comics_that_were_never_viewed_have_no_total")
                    || (self.flaw.is("a_removed_row_is_gone") && state.removed.contains_key(comic));
                let views = state.rows.get(comic).map(|row| row.views).or(absent.then_some(0));
                views.map(|views| (*comic, count(views)))
            }));
        }
        Ok(totals)
    }

    async fn most_viewed(&self, limit: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError> {
        let state = self.state.lock().unwrap();
        let zeros = self.flaw.is("a_comic_without_views_is_not_most_viewed");
        let counted = state.rows.iter().filter(|(_, row)| zeros || row.views > 0);
        let mut rows: Vec<_> = counted.map(|(comic, row)| (*comic, count(row.views))).collect();
        if self.flaw.is("comics_of_equal_views_come_by_number") {
            rows.sort_by_key(|(comic, _)| state.arrivals.iter().position(|it| it == comic));
        }
        rows.sort_by(|(_, a), (_, b)| b.cmp(a));
        if self.flaw.is("the_most_viewed_come_first") {
            rows.sort_by_key(|(_, views)| *views);
        }
        rows.truncate(limit as usize + usize::from(self.flaw.is("most_viewed_gives_no_more_than_the_limit")));
        Ok(rows)
    }
}
