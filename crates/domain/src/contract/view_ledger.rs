//! The contract of a [`ViewLedger`], together with the [`ViewCounter`] over the same store. The store is the
//! check's own and holds nothing.

mod adjusting;
mod listing;
mod removing;
mod reporting;

use std::sync::Arc;

use super::keys::Keys;
use super::view_counter::{batch, counts, demand_applied};
use super::{Outcome, Violation, demand, demand_equal};
use crate::account::Username;
use crate::comic::ComicNumber;
use crate::ports::view_counter::ViewCounter;
use crate::ports::view_ledger::{
    Adjustment, HistoryEntry, HistoryQuery, LedgerOrder, LedgerPage, LedgerQuery, LedgerRow, Removal,
    RowVersion, ViewLedger, ViewLedgerError,
};
use crate::views::ViewCount;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the table of clauses names every check in them")
)]
use {adjusting::*, listing::*, removing::*, reporting::*};

/// A ledger and the counter over the same store.
pub struct LedgerSubject {
    /// The ledger.
    pub ledger: Arc<dyn ViewLedger>,
    /// The counter.
    pub counter: Arc<dyn ViewCounter>,
}

crate::__contract_clauses! { view_ledger, __contract_table, LedgerSubject, }

/// Every row, lowest number first.
const EVERYTHING: LedgerQuery = LedgerQuery {
    least_views: None,
    most_views: None,
    only: None,
    order: LedgerOrder::NumberAscending,
    page: LedgerPage::First,
    limit: 1_000_000,
};

impl LedgerSubject {
    /// Counts views in one batch of a writer of their own.
    async fn count(&self, keys: &mut Keys, views: impl IntoIterator<Item = (ComicNumber, u32)>) -> Outcome {
        self.counter.apply(&batch(keys.writer(), 1, views)?).await?;
        Ok(())
    }

    async fn row(&self, comic: ComicNumber) -> Result<Option<LedgerRow>, Violation> {
        let list = self.ledger.list(&LedgerQuery { only: Some(vec![comic]), ..EVERYTHING }).await?;
        demand(list.rows.len() <= 1, "a comic has one row at most")?;
        Ok(list.rows.first().copied())
    }

    /// The row of a comic that has one.
    async fn seen(&self, comic: ComicNumber) -> Result<LedgerRow, Violation> {
        self.row(comic).await?.ok_or_else(|| Violation(format!("comic {comic} has no row")))
    }

    async fn demand_views(&self, comic: ComicNumber, views: u64) -> Outcome {
        demand_equal("the views of the row", &self.seen(comic).await?.views.get(), &views)?;
        let total = self.counter.totals(&[comic]).await?;
        demand_equal("the total that pages show", &total, &counts([(comic, views)])?)
    }

    async fn history_of(&self, comic: ComicNumber) -> Result<Vec<HistoryEntry>, Violation> {
        let query = HistoryQuery { comic: Some(comic), before: None, limit: 1_000_000 };
        Ok(self.ledger.history(&query).await?)
    }
}

/// An adjustment of a row as it was seen.
fn adjustment(seen: &LedgerRow, wanted: u32) -> Adjustment {
    Adjustment { comic: seen.comic, seen: seen.views, wanted: wanted.into(), version: Some(seen.version) }
}

/// The adding of a row.
fn addition(comic: ComicNumber, wanted: u32) -> Adjustment {
    Adjustment { comic, seen: ViewCount::default(), wanted: wanted.into(), version: None }
}

fn removal(seen: &LedgerRow) -> Removal {
    Removal { comic: seen.comic, version: seen.version }
}

/// Demands a conflict that shows the row of `comic` as it is now.
fn demand_conflict(
    result: Result<(), ViewLedgerError>,
    comic: ComicNumber,
    now: Option<LedgerRow>,
) -> Outcome {
    match result {
        Err(ViewLedgerError::Conflict { now: shown }) => {
            let wanted = (comic, now);
            demand(shown.contains(&wanted), &format!("a conflict shows {wanted:?}; it showed {shown:?}"))
        }
        Err(error) => Err(error.into()),
        Ok(()) => Err(Violation(format!("comic {comic} should have been a conflict"))),
    }
}
