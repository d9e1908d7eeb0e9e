//! What admins do to the counts, and the history of it.
//!
//! Each change is one transaction: lock the rows in ascending order, as batches do; compare them with what was
//! seen; write. Dropped on the way, it changes nothing.

use std::collections::BTreeMap;

use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use xkcd_domain::account::Username;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{Adjustment, LedgerRow, Removal, RowVersion};

use crate::postgres_store::{PostgresStoreError, Work, count, number};

use super::list::ledger_row;

/// The rows that changed since they were seen, as they are now.
pub(super) type Conflict = Vec<(ComicNumber, Option<LedgerRow>)>;
/// The rows as they are, by comic.
type Rows = BTreeMap<ComicNumber, Option<LedgerRow>>;

/// Locks the rows; makes those that are not there, so that nobody else does meanwhile. They have version 0.
const LOCK_OR_MAKE: &str = "
    INSERT INTO comic_views AS c (comic_number, view_count, version)
    SELECT comic_number, 0, 0 FROM unnest($1::integer[]) AS wanted (comic_number) ORDER BY comic_number
    ON CONFLICT (comic_number) DO UPDATE SET version = c.version
    RETURNING c.comic_number, c.view_count, c.version";

const LOCK: &str = "
    SELECT comic_number, view_count, version FROM comic_views WHERE comic_number = ANY($1)
    ORDER BY comic_number FOR UPDATE";

const ADJUST: &str = "
    WITH adjusted AS (
        SELECT * FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS adjusted (comic_number, seen, wanted, delta)
    ), recorded AS (
        INSERT INTO view_history (changed_at, changed_by, comic_number, seen, wanted, delta)
        SELECT now(), $1, comic_number, seen, wanted, delta FROM adjusted ORDER BY comic_number
    )
    UPDATE comic_views AS c SET view_count = c.view_count + a.delta, version = nextval('row_versions')
    FROM adjusted AS a WHERE c.comic_number = a.comic_number";

const REMOVE: &str = "
    WITH removed AS (
        DELETE FROM comic_views WHERE comic_number = ANY($2) RETURNING comic_number, view_count
    )
    INSERT INTO view_history (changed_at, changed_by, comic_number, seen, delta)
    SELECT now(), $1, comic_number, view_count, -view_count FROM removed ORDER BY comic_number";

/// Corrects counts.
pub(super) struct Adjust {
    adjustments: Vec<Adjustment>,
    by: Username,
}

impl Adjust {
    pub(super) fn new(adjustments: &[Adjustment], by: &Username) -> Self {
        Self { adjustments: adjustments.to_vec(), by: by.clone() }
    }

    async fn write(&self, transaction: &Transaction<'_>, rows: &Rows) -> Result<(), PostgresStoreError> {
        let (mut comics, mut seen, mut wanted, mut deltas) = (vec![], vec![], vec![], vec![]);
        for adjustment in &self.adjustments {
            let views = rows.get(&adjustment.comic).copied().flatten().map_or(0, |row| count(row.views));
            // Both differences are of counts, so neither leaves the range of an i64 before the cut.
            let difference = count(adjustment.wanted) - count(adjustment.seen);
            comics.push(number(adjustment.comic));
            seen.push(count(adjustment.seen));
            wanted.push(count(adjustment.wanted));
            deltas.push(views.saturating_add(difference).max(0) - views);
        }
        run(transaction, ADJUST, &[&self.by.as_str(), &comics, &seen, &wanted, &deltas]).await?;
        Ok(())
    }
}

#[async_trait]
impl Work for Adjust {
    type Answer = Result<(), Conflict>;

    fn is_repeatable(&self) -> bool {
        false
    }

    async fn run(&self, client: &mut Client) -> Result<Self::Answer, PostgresStoreError> {
        let transaction = client.transaction().await?;
        let seen = self.adjustments.iter().map(|it| (it.comic, it.version));
        match rows_as_seen(&transaction, LOCK_OR_MAKE, seen).await? {
            Ok(rows) => self.write(&transaction, &rows).await?,
            Err(conflict) => {
                transaction.rollback().await?;
                return Ok(Err(conflict));
            }
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

/// Removes rows.
pub(super) struct Remove {
    removals: Vec<Removal>,
    by: Username,
}

impl Remove {
    pub(super) fn new(removals: &[Removal], by: &Username) -> Self {
        Self { removals: removals.to_vec(), by: by.clone() }
    }
}

#[async_trait]
impl Work for Remove {
    type Answer = Result<(), Conflict>;

    fn is_repeatable(&self) -> bool {
        false
    }

    async fn run(&self, client: &mut Client) -> Result<Self::Answer, PostgresStoreError> {
        let transaction = client.transaction().await?;
        let seen = self.removals.iter().map(|it| (it.comic, Some(it.version)));
        match rows_as_seen(&transaction, LOCK, seen).await? {
            Ok(rows) => {
                let comics: Vec<_> = rows.keys().copied().map(number).collect();
                run(&transaction, REMOVE, &[&self.by.as_str(), &comics]).await?;
            }
            Err(conflict) => {
                transaction.rollback().await?;
                return Ok(Err(conflict));
            }
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

/// Locks the rows of the comics, and gives them when each has the version that was seen and no comic comes
/// twice.
async fn rows_as_seen(
    transaction: &Transaction<'_>,
    lock: &str,
    seen: impl Iterator<Item = (ComicNumber, Option<RowVersion>)> + Send,
) -> Result<Result<Rows, Conflict>, PostgresStoreError> {
    let seen: Vec<_> = seen.collect();
    let mut rows: Rows = seen.iter().map(|&(comic, _)| (comic, None)).collect();
    let numbers: Vec<_> = rows.keys().copied().map(number).collect();
    for row in run(transaction, lock, &[&numbers]).await? {
        let row = ledger_row(&row, 0)?;
        if row.version != MADE_NOW {
            rows.insert(row.comic, Some(row));
        }
    }
    let mut left = rows.clone();
    let conflicting: Rows = seen
        .into_iter()
        .filter_map(|(comic, version)| {
            let row = rows.get(&comic).copied().flatten();
            let listed_twice = left.remove(&comic).is_none();
            (listed_twice || row.map(|row| row.version) != version).then_some((comic, row))
        })
        .collect();
    Ok(if conflicting.is_empty() { Ok(rows) } else { Err(conflicting.into_iter().collect()) })
}

/// The version of a row that this transaction made.
const MADE_NOW: RowVersion = RowVersion(0);

async fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, PostgresStoreError> {
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.query(&statement, values).await?)
}
