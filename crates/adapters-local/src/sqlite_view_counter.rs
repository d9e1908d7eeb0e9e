//! Counts views in the SQLite file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Transaction, params};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::{ViewBatch, ViewCount};

use crate::sqlite_store::{Columns, SqliteStore};

/// The [`ViewCounter`] of the SQLite file.
pub struct SqliteViewCounter {
    store: SqliteStore,
}

impl SqliteViewCounter {
    /// Counts in an open file.
    #[must_use]
    pub const fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ViewCounter for SqliteViewCounter {
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        let batch = batch.clone();
        Ok(self.store.write(move |transaction| apply(transaction, &batch)).await?)
    }

    async fn totals(
        &self,
        comics: &[ComicNumber],
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError> {
        let comics = comics.to_vec();
        Ok(self.store.read(move |transaction| totals(transaction, &comics)).await?)
    }

    async fn most_viewed(&self, limit: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError> {
        let most_viewed = move |transaction: &Transaction<'_>| {
            transaction
                .prepare_cached(
                    "SELECT comic_number, view_count FROM comic_views WHERE view_count > 0
                     ORDER BY view_count DESC, comic_number LIMIT ?1",
                )?
                .query_map([limit], |row| Ok((row.comic(0)?, row.views(1)?)))?
                .collect()
        };
        Ok(self.store.read(most_viewed).await?)
    }
}

fn apply(transaction: &Transaction<'_>, batch: &ViewBatch) -> rusqlite::Result<AppliedBatch> {
    let added = is_new(transaction, batch)?;
    let totals = if added {
        add_to_day(transaction, batch)?;
        batch
            .views()
            .iter()
            .map(|&(comic, views)| Ok((comic, add_to_comic(transaction, comic, views)?)))
            .collect::<rusqlite::Result<_>>()?
    } else {
        let comics: Vec<_> = batch.views().iter().map(|&(comic, _)| comic).collect();
        let mut totals = totals(transaction, &comics)?;
        for comic in comics {
            totals.entry(comic).or_default();
        }
        totals
    };
    Ok(AppliedBatch { totals, added })
}

/// Whether the batch's number is above all others of its writer; from now on it is not.
fn is_new(transaction: &Transaction<'_>, batch: &ViewBatch) -> rusqlite::Result<bool> {
    let (writer, number) = (batch.writer().to_string(), batch.number().get().cast_signed());
    let raised = transaction
        .prepare_cached(
            "UPDATE view_writers SET last_batch = ?2, updated_at = unixepoch()
             WHERE writer = ?1 AND last_batch < ?2",
        )?
        .execute(params![writer, number])?;
    if raised > 0 {
        return Ok(true);
    }
    let first = transaction
        .prepare_cached(
            "INSERT INTO view_writers (writer, last_batch, updated_at) VALUES (?1, ?2, unixepoch())
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![writer, number])?;
    if first > 0 {
        // A new writer comes with each start of a process: often enough to forget those long gone.
        transaction.execute("DELETE FROM view_writers WHERE updated_at < unixepoch() - 400 * 86400", [])?;
    }
    Ok(first > 0)
}

fn add_to_day(transaction: &Transaction<'_>, batch: &ViewBatch) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO daily_views (day, writer, views) VALUES (date('now'), ?1, ?2)
             ON CONFLICT DO UPDATE SET views = views + excluded.views",
        )?
        .execute(params![batch.writer().to_string(), batch.total().cast_signed()])?;
    Ok(())
}

/// Adds views to a comic and gives its total. A count that has reached the largest number stays there: an
/// error would keep the batch, and with it all views after it, from ever being written.
fn add_to_comic(
    transaction: &Transaction<'_>,
    comic: ComicNumber,
    views: u32,
) -> rusqlite::Result<ViewCount> {
    // Two plain statements cost half of an UPDATE with RETURNING, which builds a table for its answer. Nobody
    // writes in between: the transaction has the write lock from its beginning.
    let before = transaction
        .prepare_cached("SELECT view_count FROM comic_views WHERE comic_number = ?1")?
        .query_row([comic.get()], |row| row.views(0))
        .optional()?;
    if let Some(before) = before {
        let total = ViewCount::try_from(before.get() + u64::from(views)).unwrap_or(ViewCount::MAX);
        transaction
            .prepare_cached("UPDATE comic_views SET view_count = ?2 WHERE comic_number = ?1")?
            .execute(params![comic.get(), total.get().cast_signed()])?;
        return Ok(total);
    }
    transaction
        .prepare_cached(
            "INSERT INTO comic_views (comic_number, view_count, version)
             VALUES (?1, ?2, coalesce((SELECT max(id) FROM view_history WHERE comic_number = ?1), 0))",
        )?
        .execute(params![comic.get(), views])?;
    Ok(views.into())
}

fn totals(
    transaction: &Transaction<'_>,
    comics: &[ComicNumber],
) -> rusqlite::Result<BTreeMap<ComicNumber, ViewCount>> {
    let mut statement =
        transaction.prepare_cached("SELECT view_count FROM comic_views WHERE comic_number = ?1")?;
    let mut totals = BTreeMap::new();
    for &comic in comics {
        if let Some(views) = statement.query_row([comic.get()], |row| row.views(0)).optional()? {
            totals.insert(comic, views);
        }
    }
    Ok(totals)
}
