//! Counts views in PostgreSQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use deadpool_postgres::Client;
use tokio_postgres::Row;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount};

use crate::postgres_store::{Columns, PostgresStore, PostgresStoreError, Statement, Work, number};

/// The [`ViewCounter`] of a PostgreSQL database.
pub struct PostgresViewCounter {
    store: PostgresStore,
}

/// A whole batch. Each part waits for the one before, since it reads what that returned: the writer's row, then
/// the comics in ascending order and the day. So two batches never wait for each other in a circle; and when the
/// writer's row does not change, because the number is not above its last one, nothing else does.
///
/// Rows that are new share a version: what counts is that a row which comes back has not the one it had. The
/// default would take one from the sequence for every view.
///
/// A count that has reached the largest number stays there: an error would keep the batch, and with it all
/// views after it, from ever being written.
const APPLY: &str = "
    WITH numbered AS (
        INSERT INTO view_writers AS w (writer, last_batch, updated_at) VALUES ($1, $2, now())
        ON CONFLICT (writer) DO UPDATE SET last_batch = excluded.last_batch, updated_at = excluded.updated_at
        WHERE w.last_batch < excluded.last_batch
        RETURNING w.writer
    ), counted AS (
        INSERT INTO comic_views AS c (comic_number, view_count, version)
        SELECT sent.comic_number, sent.views, (SELECT nextval('row_versions'))
        FROM numbered CROSS JOIN unnest($3::integer[], $4::bigint[]) AS sent (comic_number, views)
        ORDER BY sent.comic_number
        ON CONFLICT (comic_number) DO UPDATE
        SET view_count = least(c.view_count, 9223372036854775807 - excluded.view_count) + excluded.view_count
        RETURNING c.comic_number, c.view_count
    ), dated AS (
        INSERT INTO daily_views AS d (day, writer, views)
        SELECT (now() AT TIME ZONE 'UTC')::date, numbered.writer, $5 FROM numbered
        ON CONFLICT (day, writer) DO UPDATE SET views = d.views + excluded.views
    )
    SELECT comic_number, view_count FROM counted";

const TOTALS: &str = "SELECT comic_number, view_count FROM comic_views WHERE comic_number = ANY($1)";

const MOST_VIEWED: &str = "
    SELECT comic_number, view_count FROM comic_views WHERE view_count > 0
    ORDER BY view_count DESC, comic_number LIMIT $1";

/// Skips what another instance is deleting.
const FORGET_OLD_WRITERS: &str = "
    DELETE FROM view_writers WHERE writer IN (
        SELECT writer FROM view_writers WHERE updated_at < now() - interval '400 days'
        FOR UPDATE SKIP LOCKED
    )";

impl PostgresViewCounter {
    /// Counts in a database.
    #[must_use]
    pub const fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ViewCounter for PostgresViewCounter {
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        let applied = self.store.run(Apply { batch: batch.clone() }).await?;
        if applied.added && batch.number() == BatchNumber::FIRST {
            // A new writer comes with each start of a process: often enough to forget those long gone.
            self.store.run_unattended(Statement::repeatable(FORGET_OLD_WRITERS));
        }
        Ok(applied)
    }

    async fn totals(
        &self,
        comics: &[ComicNumber],
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError> {
        let rows = self.store.run(totals(comics.iter().copied())).await?;
        Ok(rows.iter().map(total).collect::<Result<_, _>>()?)
    }

    async fn most_viewed(&self, limit: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError> {
        let rows = self.store.run(Statement::repeatable(MOST_VIEWED).bind(i64::from(limit))).await?;
        Ok(rows.iter().map(total).collect::<Result<_, _>>()?)
    }
}

fn total(row: &Row) -> Result<(ComicNumber, ViewCount), PostgresStoreError> {
    Ok((row.comic(0)?, row.views(1)?))
}

fn totals(comics: impl Iterator<Item = ComicNumber>) -> Statement {
    Statement::repeatable(TOTALS).bind(comics.map(number).collect::<Vec<_>>())
}

/// Adds a batch, or finds that it was added before.
struct Apply {
    batch: ViewBatch,
}

#[async_trait]
impl Work for Apply {
    type Answer = AppliedBatch;

    fn is_repeatable(&self) -> bool {
        true
    }

    async fn run(&self, client: &mut Client) -> Result<AppliedBatch, PostgresStoreError> {
        let (comics, views): (Vec<_>, Vec<_>) = self.batch.views().iter().copied().unzip();
        let apply = Statement::repeatable(APPLY)
            .bind(self.batch.writer().to_string())
            .bind(self.batch.number().get().cast_signed())
            .bind(comics.iter().copied().map(number).collect::<Vec<_>>())
            .bind(views.into_iter().map(i64::from).collect::<Vec<_>>())
            .bind(self.batch.total().cast_signed());
        let counted = apply.run(client).await?;
        if !counted.is_empty() {
            let totals = counted.iter().map(total).collect::<Result<_, _>>()?;
            return Ok(AppliedBatch { totals, added: true });
        }
        // Another statement, because it sees what the one before had to wait for.
        let found = totals(comics.iter().copied()).run(client).await?;
        let mut totals: BTreeMap<_, _> = comics.into_iter().map(|it| (it, ViewCount::default())).collect();
        for row in &found {
            let (comic, views) = total(row)?;
            totals.insert(comic, views);
        }
        Ok(AppliedBatch { totals, added: false })
    }
}
