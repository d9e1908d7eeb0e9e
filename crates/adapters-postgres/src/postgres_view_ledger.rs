//! The admin's side of the counts in PostgreSQL.

mod change;
mod list;

use async_trait::async_trait;
use time::Date;
use time::macros::date;
use tokio_postgres::Row;
use xkcd_domain::account::Username;
use xkcd_domain::ports::view_ledger::{
    Adjustment, Change, HistoryEntry, HistoryQuery, LedgerList, LedgerQuery, Removal, ViewLedger,
    ViewLedgerError,
};

use crate::postgres_store::{Columns, PostgresStore, PostgresStoreError, Statement, Work, number};
use change::{Adjust, Conflict, Remove};

/// The [`ViewLedger`] of a PostgreSQL database.
pub struct PostgresViewLedger {
    store: PostgresStore,
}

/// A row that was seen with no view was made by an admin: either just now, or by the entry before.
macro_rules! history {
    ($condition:literal) => {
        concat!(
            "SELECT id, changed_at, changed_by, comic_number, seen, wanted, delta,
                    seen = 0 AND coalesce((
                        SELECT earlier.wanted IS NULL FROM view_history AS earlier
                        WHERE earlier.comic_number = entry.comic_number AND earlier.id < entry.id
                        ORDER BY earlier.id DESC LIMIT 1
                    ), true)
             FROM view_history AS entry WHERE ",
            $condition,
            " ORDER BY id DESC LIMIT $2"
        )
    };
}
const HISTORY: &str = history!("id < $1");
const HISTORY_OF_COMIC: &str = history!("comic_number = $3 AND id < $1");

const DAYS: &str = "
    SELECT day, sum(views)::bigint FROM daily_views WHERE day BETWEEN $1 AND $2 GROUP BY day ORDER BY day";

/// Before any view, and not before the first day that PostgreSQL knows.
const FIRST_DAY: Date = date!(0001 - 01 - 01);

impl PostgresViewLedger {
    /// Reads and corrects the counts of a database.
    #[must_use]
    pub const fn new(store: PostgresStore) -> Self {
        Self { store }
    }

    async fn make(&self, change: impl Work<Answer = Result<(), Conflict>>) -> Result<(), ViewLedgerError> {
        self.store.run(change).await?.map_err(|now| ViewLedgerError::Conflict { now })
    }
}

#[async_trait]
impl ViewLedger for PostgresViewLedger {
    async fn list(&self, query: &LedgerQuery) -> Result<LedgerList, ViewLedgerError> {
        let rows = self.store.run(list::statement(query)).await?;
        Ok(list::page(query, &rows)?)
    }

    async fn adjust(&self, adjustments: &[Adjustment], by: &Username) -> Result<(), ViewLedgerError> {
        self.make(Adjust::new(adjustments, by)).await
    }

    async fn remove(&self, removals: &[Removal], by: &Username) -> Result<(), ViewLedgerError> {
        self.make(Remove::new(removals, by)).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, ViewLedgerError> {
        let sql = if query.comic.is_some() { HISTORY_OF_COMIC } else { HISTORY };
        let mut statement =
            Statement::repeatable(sql).bind(query.before.unwrap_or(i64::MAX)).bind(i64::from(query.limit));
        if let Some(comic) = query.comic {
            statement = statement.bind(number(comic));
        }
        let rows = self.store.run(statement).await?;
        Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
    }

    async fn days(&self, first: Date, last: Date) -> Result<Vec<(Date, u64)>, ViewLedgerError> {
        let statement = Statement::repeatable(DAYS).bind(first.max(FIRST_DAY)).bind(last.max(FIRST_DAY));
        let rows = self.store.run(statement).await?;
        let day = |row: &Row| Ok((row.column(0)?, row.views(1)?.get()));
        Ok(rows.iter().map(day).collect::<Result<_, PostgresStoreError>>()?)
    }
}

fn entry(row: &Row) -> Result<HistoryEntry, PostgresStoreError> {
    let change = match row.column::<Option<i64>>(5)? {
        Some(_) if row.column(7)? => Change::Added { views: row.views(5)? },
        Some(_) => Change::Adjusted { seen: row.views(4)?, wanted: row.views(5)? },
        None => Change::Removed { views: row.views(4)? },
    };
    Ok(HistoryEntry {
        id: row.column(0)?,
        at: row.column(1)?,
        by: row.parsed(2)?,
        comic: row.comic(3)?,
        change,
        delta: row.column(6)?,
    })
}
