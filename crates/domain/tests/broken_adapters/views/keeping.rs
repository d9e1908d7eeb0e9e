//! The admins' side.

use std::collections::BTreeSet;

use async_trait::async_trait;
use time::Date;
use xkcd_domain::account::Username;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{
    Adjustment, Change, HistoryEntry, HistoryQuery, LedgerCursor, LedgerList, LedgerOrder, LedgerPage,
    LedgerQuery, LedgerRow, Removal, ViewLedger, ViewLedgerError,
};

use super::{FlawedViews, Row, State, TODAY, count};
use crate::flaw::let_others_run;

type Place = (u64, ComicNumber);

/// What a row is ordered by.
fn place(order: LedgerOrder, comic: ComicNumber, views: u64) -> Place {
    match order {
        LedgerOrder::NumberAscending | LedgerOrder::NumberDescending => (0, comic),
        LedgerOrder::ViewsAscending | LedgerOrder::ViewsDescending => (views, comic),
    }
}

const fn descends(order: LedgerOrder) -> bool {
    matches!(order, LedgerOrder::NumberDescending | LedgerOrder::ViewsDescending)
}

/// Whether one place is before another in an order.
fn is_before(order: LedgerOrder, a: Place, b: Place) -> bool {
    if descends(order) { a > b } else { a < b }
}

impl FlawedViews {
    fn selected(&self, state: &State, query: &LedgerQuery) -> Vec<LedgerRow> {
        let only = query
            .only
            .as_ref()
            .filter(|only| !(only.is_empty() && self.flaw.is("only_the_comics_asked_for_are_listed")));
        let below_most = |row: &LedgerRow| match query.most_views {
            Some(most) if self.flaw.is("bounds_of_views_are_included") => row.views < most,
            Some(most) => row.views <= most,
            None => true,
        };
        let rows = state.rows.keys().filter_map(|comic| state.row(*comic));
        let mut rows: Vec<_> = rows
            .filter(|row| only.is_none_or(|only| only.contains(&row.comic)))
            .filter(|row| query.least_views.is_none_or(|least| row.views >= least) && below_most(row))
            .collect();
        let unordered = self.flaw.is("rows_come_in_the_order_asked_for")
            && query.page == LedgerPage::First
            && query.limit > 1_000;
        if !unordered {
            rows.sort_by_key(|row| place(query.order, row.comic, row.views.get()));
            if descends(query.order) {
                rows.reverse();
            }
        }
        if self.flaw.is("rows_show_what_was_counted") {
            for row in &mut rows {
                row.views = count(row.views.get() & u64::from(u32::MAX));
            }
        }
        rows
    }

    /// Where a page begins and ends among all rows.
    fn bounds(&self, query: &LedgerQuery, rows: &[LedgerRow]) -> (usize, usize) {
        let limit = query.limit as usize;
        let before = |cursor: LedgerCursor, inclusive: bool| {
            let at = place(query.order, cursor.comic, cursor.views.get());
            if self.flaw.is("a_page_follows_a_row_that_has_gone") {
                let position = rows.iter().position(|row| row.comic == cursor.comic);
                return position.map_or(0, |index| index + usize::from(inclusive));
            }
            rows.partition_point(|row| {
                let row = place(query.order, row.comic, row.views.get());
                is_before(query.order, row, at) || (inclusive && row == at)
            })
        };
        match query.page {
            LedgerPage::First => (0, rows.len().min(limit)),
            LedgerPage::After(cursor) => {
                let start = before(cursor, !self.flaw.is("pages_forward_give_every_row_once"));
                (start, rows.len().min(start + limit))
            }
            LedgerPage::Before(cursor) if self.flaw.is("pages_back_give_the_same_rows") => {
                (0, before(cursor, false).min(limit))
            }
            LedgerPage::Before(cursor) => {
                let end = before(cursor, false);
                (end.saturating_sub(limit), end)
            }
        }
    }

    fn conflicts_with(&self, state: &State, all: &[Adjustment], adjustment: &Adjustment) -> bool {
        let row = state.row(adjustment.comic);
        let twice = all.iter().filter(|it| it.comic == adjustment.comic).count() > 1;
        if twice && !self.flaw.is("a_comic_adjusted_twice_is_a_conflict") {
            return true;
        }
        match (adjustment.version, row) {
            (None, None) => false,
            (None, Some(_)) => !self.flaw.is("a_row_that_is_there_is_not_added"),
            (Some(_), None) => !self.flaw.is("a_row_that_is_not_there_is_not_adjusted"),
            (Some(version), Some(row)) => {
                let overwrites = self.flaw.is("an_adjustment_of_another_version_is_a_conflict")
                    && all.len() == 1
                    && row.views != adjustment.wanted;
                row.version != version && !overwrites
            }
        }
    }

    fn make(&self, state: &mut State, adjustment: &Adjustment, by: &Username) {
        let Adjustment { comic, seen, wanted, version } = *adjustment;
        let delta = i64::try_from(wanted.get()).unwrap() - i64::try_from(seen.get()).unwrap();
        let held = i64::try_from(state.views(comic)).unwrap();
        let resets = wanted.get() == 0 && self.flaw.is("an_adjustment_keeps_views_that_came_meanwhile");
        let views = if resets { 0 } else { (held + delta).max(0) };
        let old = state.rows.get(&comic).copied();
        let version = match (old, version) {
            (Some(row), _) if delta == 0 && self.flaw.is("an_adjustment_changes_the_version") => row.version,
            (Some(row), _) if self.flaw.is("a_row_that_came_back_has_a_version_never_used") => {
                row.version + 1
            }
            (None, _) if self.flaw.is("a_row_that_came_back_has_a_version_never_used") => 1,
            _ => state.next_version(),
        };
        if old.is_none() {
            state.added.insert(comic);
            if self.flaw.is("days_are_unmoved_by_what_admins_do") {
                *state.days.entry(TODAY).or_default() += wanted.get();
            }
        }
        state.rows.insert(comic, Row { views: views.unsigned_abs(), version });
        let cut = if self.flaw.is("a_count_never_falls_below_zero") { delta } else { views - held };
        let change =
            if old.is_none() { Change::Added { views: wanted } } else { Change::Adjusted { seen, wanted } };
        state.record(by, comic, change, cut);
    }
}

fn conflict(state: &State, comics: impl IntoIterator<Item = ComicNumber>) -> ViewLedgerError {
    let comics: BTreeSet<_> = comics.into_iter().collect();
    ViewLedgerError::Conflict { now: comics.into_iter().map(|comic| (comic, state.row(comic))).collect() }
}

#[async_trait]
impl ViewLedger for FlawedViews {
    async fn list(&self, query: &LedgerQuery) -> Result<LedgerList, ViewLedgerError> {
        let_others_run().await;
        let rows = self.selected(&self.state.lock().unwrap(), query);
        let (start, end) = self.bounds(query, &rows);
        Ok(LedgerList {
            rows: rows[start..end].to_vec(),
            more_before: start > 0,
            more_after: end < rows.len(),
        })
    }

    async fn adjust(&self, adjustments: &[Adjustment], by: &Username) -> Result<(), ViewLedgerError> {
        let_others_run().await;
        let sound: Vec<_> = {
            let state = self.state.lock().unwrap();
            let conflicts = |it: &&Adjustment| self.conflicts_with(&state, adjustments, it);
            let (conflicting, sound): (Vec<&Adjustment>, Vec<_>) = adjustments.iter().partition(conflicts);
            if !conflicting.is_empty() && !self.flaw.is("adjustments_are_made_together_or_not") {
                return Err(conflict(&state, conflicting.iter().map(|it| it.comic)));
            }
            sound
        };
        self.flaw.pauses("of_many_who_adjust_one_version_one_succeeds").await;
        let mut state = self.state.lock().unwrap();
        for adjustment in &sound {
            self.make(&mut state, adjustment, by);
        }
        let left: Vec<_> = adjustments.iter().filter(|it| !sound.contains(it)).map(|it| it.comic).collect();
        if left.is_empty() { Ok(()) } else { Err(conflict(&state, left)) }
    }

    async fn remove(&self, removals: &[Removal], by: &Username) -> Result<(), ViewLedgerError> {
        let_others_run().await;
        let mut state = self.state.lock().unwrap();
        let conflicts = |state: &State, it: &Removal| {
            let twice = removals.iter().filter(|other| other.comic == it.comic).count() > 1;
            twice || state.row(it.comic).map(|row| row.version) != Some(it.version)
        };
        let (conflicting, sound): (Vec<&Removal>, Vec<_>) =
            removals.iter().partition(|it| conflicts(&state, it));
        if conflicting.is_empty() || self.flaw.is("removals_are_made_together_or_not") {
            for removal in sound {
                let Some(row) = state.rows.remove(&removal.comic) else { continue };
                state.removed.insert(removal.comic, row.views);
                let delta = -i64::try_from(row.views).unwrap();
                state.record(by, removal.comic, Change::Removed { views: count(row.views) }, delta);
            }
        }
        if conflicting.is_empty() {
            return Ok(());
        }
        Err(conflict(&state, conflicting.iter().map(|it| it.comic)))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, ViewLedgerError> {
        let state = self.state.lock().unwrap();
        let inclusive = self.flaw.is("the_history_comes_latest_first_in_pages");
        let is_before = |it: &&HistoryEntry| {
            query.before.is_none_or(|before| it.id < before || (inclusive && it.id == before))
        };
        let entries = state.history.iter().rev().filter(is_before);
        let entries = entries.filter(|it| query.comic.is_none_or(|comic| it.comic == comic));
        let mut entries: Vec<_> = entries.take(query.limit as usize).cloned().collect();
        if self.flaw.is("the_history_says_who_did_what") {
            let first = state.history.first().map(|it| it.by.clone());
            entries.iter_mut().zip(first.iter().cycle()).for_each(|(entry, by)| entry.by = by.clone());
        }
        Ok(entries)
    }

    async fn days(&self, first: Date, last: Date) -> Result<Vec<(Date, u64)>, ViewLedgerError> {
        let state = self.state.lock().unwrap();
        let exclusive = self.flaw.is("days_outside_are_left_out");
        let wanted = |day: Date| day >= first && (day < last || (day == last && !exclusive));
        Ok(state.days.iter().filter(|(day, _)| wanted(**day)).map(|(day, views)| (*day, *views)).collect())
    }
}
