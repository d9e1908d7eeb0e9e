//! The admin's side of the counts in the SQLite file.

mod change;
mod list;

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};
use time::Date;
use time::format_description::FormatItem;
use time::macros::format_description;
use xkcd_domain::account::Username;
use xkcd_domain::ports::view_ledger::{
    Adjustment, Change, HistoryEntry, HistoryQuery, LedgerList, LedgerQuery, Removal, ViewLedger,
    ViewLedgerError,
};

use crate::sqlite_store::{Columns, SqliteStore, unfit};

/// The [`ViewLedger`] of the SQLite file.
pub struct SqliteViewLedger {
    store: SqliteStore,
}

impl SqliteViewLedger {
    /// Reads and corrects the counts of an open file.
    #[must_use]
    pub const fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ViewLedger for SqliteViewLedger {
    async fn list(&self, query: &LedgerQuery) -> Result<LedgerList, ViewLedgerError> {
        let query = query.clone();
        Ok(self.store.read(move |transaction| list::list(transaction, &query)).await?)
    }

    async fn adjust(&self, adjustments: &[Adjustment], by: &Username) -> Result<(), ViewLedgerError> {
        let (adjustments, by) = (adjustments.to_vec(), by.clone());
        let done = self.store.write(move |transaction| change::adjust(transaction, adjustments, &by)).await?;
        done.map_err(|now| ViewLedgerError::Conflict { now })
    }

    async fn remove(&self, removals: &[Removal], by: &Username) -> Result<(), ViewLedgerError> {
        let (removals, by) = (removals.to_vec(), by.clone());
        let done = self.store.write(move |transaction| change::remove(transaction, removals, &by)).await?;
        done.map_err(|now| ViewLedgerError::Conflict { now })
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, ViewLedgerError> {
        let query = *query;
        Ok(self.store.read(move |transaction| history(transaction, query)).await?)
    }

    async fn days(&self, first: Date, last: Date) -> Result<Vec<(Date, u64)>, ViewLedgerError> {
        Ok(self.store.read(move |transaction| days(transaction, first, last)).await?)
    }
}

fn history(transaction: &Transaction<'_>, query: HistoryQuery) -> rusqlite::Result<Vec<HistoryEntry>> {
    let before = query.before.unwrap_or(i64::MAX);
    let of_comic = if query.comic.is_some() { "AND comic_number = ?3" } else { "" };
    // A row that was seen with no view was made by an admin: either just now, or by the entry before.
    let sql = format!(
        "SELECT id, changed_at_ms, changed_by, comic_number, seen, wanted, delta,
                seen = 0 AND coalesce((
                    SELECT earlier.wanted IS NULL FROM view_history AS earlier
                    WHERE earlier.comic_number = entry.comic_number AND earlier.id < entry.id
                    ORDER BY earlier.id DESC LIMIT 1
                ), 1)
         FROM view_history AS entry WHERE id < ?1 {of_comic} ORDER BY id DESC LIMIT ?2"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    match query.comic {
        Some(comic) => statement.query_map(params![before, query.limit, comic.get()], entry)?.collect(),
        None => statement.query_map(params![before, query.limit], entry)?.collect(),
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    let change = match row.get::<_, Option<i64>>(5)? {
        Some(_) if row.get(7)? => Change::Added { views: row.views(5)? },
        Some(_) => Change::Adjusted { seen: row.views(4)?, wanted: row.views(5)? },
        None => Change::Removed { views: row.views(4)? },
    };
    Ok(HistoryEntry {
        id: row.get(0)?,
        at: row.milliseconds(1)?,
        by: row.parsed(2)?,
        comic: row.comic(3)?,
        change,
        delta: row.get(6)?,
    })
}

/// The form of SQLite's `date()`, in which days compare as text.
const DAY: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

fn days(transaction: &Transaction<'_>, first: Date, last: Date) -> rusqlite::Result<Vec<(Date, u64)>> {
    transaction
        .prepare_cached(
            "SELECT day, sum(views) FROM daily_views WHERE day BETWEEN ?1 AND ?2
             GROUP BY day ORDER BY day",
        )?
        .query_map([day_text(first), day_text(last)], |row| {
            let day = Date::parse(row.get_ref(0)?.as_str()?, DAY).map_err(unfit(0, Type::Text))?;
            Ok((day, row.views(1)?.get()))
        })?
        .collect()
}

/// A day as it compares with those of the file, which are all of years of four digits.
fn day_text(day: Date) -> String {
    let (year, month, day) = day.to_calendar_date();
    format!("{:04}-{:02}-{day:02}", year.clamp(0, 9_999), u8::from(month))
}
