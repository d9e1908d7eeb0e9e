//! What admins do to the counts, and the history of it.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use xkcd_domain::account::Username;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{Adjustment, LedgerRow, Removal, RowVersion};
use xkcd_domain::views::ViewCount;

use super::list::row_of;
use crate::sqlite_store::{count, now_ms};

/// The rows that changed since they were seen, as they are now.
type Conflict = Vec<(ComicNumber, Option<LedgerRow>)>;
/// The rows as they are, by comic.
type Rows = BTreeMap<ComicNumber, Option<LedgerRow>>;

pub(super) fn adjust(
    transaction: &Transaction<'_>,
    mut adjustments: Vec<Adjustment>,
    by: &Username,
) -> rusqlite::Result<Result<(), Conflict>> {
    adjustments.sort_unstable_by_key(|it| it.comic);
    let rows = match rows_as_seen(transaction, adjustments.iter().map(|it| (it.comic, it.version)))? {
        Ok(rows) => rows,
        Err(conflict) => return Ok(Err(conflict)),
    };
    for adjustment in adjustments {
        let Adjustment { comic, seen, wanted, .. } = adjustment;
        let views = rows.get(&comic).copied().flatten().map_or(0, |row| count(row.views));
        // Both differences are of counts, so neither leaves the range of an i64 before the cut.
        let corrected = views.saturating_add(count(wanted) - count(seen)).max(0);
        let entry = Entry { comic, seen: count(seen), wanted: Some(count(wanted)), delta: corrected - views };
        let version = entry.write(transaction, by)?;
        transaction
            .prepare_cached(
                "INSERT INTO comic_views (comic_number, view_count, version) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET view_count = excluded.view_count, version = excluded.version",
            )?
            .execute(params![comic.get(), corrected, version])?;
    }
    Ok(Ok(()))
}

pub(super) fn remove(
    transaction: &Transaction<'_>,
    mut removals: Vec<Removal>,
    by: &Username,
) -> rusqlite::Result<Result<(), Conflict>> {
    removals.sort_unstable_by_key(|it| it.comic);
    let rows = match rows_as_seen(transaction, removals.iter().map(|it| (it.comic, Some(it.version))))? {
        Ok(rows) => rows,
        Err(conflict) => return Ok(Err(conflict)),
    };
    for (comic, row) in rows {
        let views = count(row.map_or_else(ViewCount::default, |row| row.views));
        Entry { comic, seen: views, wanted: None, delta: -views }.write(transaction, by)?;
        transaction
            .prepare_cached("DELETE FROM comic_views WHERE comic_number = ?1")?
            .execute(params![comic.get()])?;
    }
    Ok(Ok(()))
}

/// The rows of the comics, when each has the version that was seen and no comic comes twice.
fn rows_as_seen(
    transaction: &Transaction<'_>,
    seen: impl Iterator<Item = (ComicNumber, Option<RowVersion>)>,
) -> rusqlite::Result<Result<Rows, Conflict>> {
    let (mut rows, mut conflicting) = (Rows::new(), Rows::new());
    for (comic, version) in seen {
        let row = row_of(transaction, comic)?;
        let listed_twice = rows.insert(comic, row).is_some();
        if listed_twice || row.map(|row| row.version) != version {
            conflicting.insert(comic, row);
        }
    }
    Ok(if conflicting.is_empty() { Ok(rows) } else { Err(conflicting.into_iter().collect()) })
}

struct Entry {
    comic: ComicNumber,
    seen: i64,
    wanted: Option<i64>,
    delta: i64,
}

impl Entry {
    /// Writes the entry and gives its id: the comic's next version.
    fn write(&self, transaction: &Transaction<'_>, by: &Username) -> rusqlite::Result<i64> {
        let now = now_ms(transaction)?;
        transaction
            .prepare_cached(
                "INSERT INTO view_history (changed_at_ms, changed_by, comic_number, seen, wanted, delta)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![now, by.as_str(), self.comic.get(), self.seen, self.wanted, self.delta])?;
        Ok(transaction.last_insert_rowid())
    }
}
