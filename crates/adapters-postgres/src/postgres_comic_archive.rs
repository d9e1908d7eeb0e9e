//! Fetched comics in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio_postgres::Row;
use xkcd_domain::comic::{Comic, ImageUrl, LinkUrl};
use xkcd_domain::ports::comic_archive::{ArchiveChanges, ArchivedComic, ComicArchive, ComicArchiveError};

use crate::postgres_store::{Columns, PostgresStore, PostgresStoreError, Statement, number};

/// The [`ComicArchive`] of a PostgreSQL database.
pub struct PostgresComicArchive {
    store: PostgresStore,
}

/// The moment of the last save with each comic, of one snapshot; at least one row, without a comic when there
/// is none.
const LOAD: &str = "
    SELECT last_save.saved_at, c.comic_number, title, caption, transcript, image, link, interactive, published,
           fetched_at
    FROM last_save LEFT JOIN comics AS c ON $1::timestamptz IS NULL OR c.saved_at > $1
    ORDER BY c.comic_number";

/// The moment is taken with the lock of its row, which the commit frees: so whoever sees a save sees all saves
/// of earlier moments. With that lock no two savers are at work at once, in whatever order their comics come.
const SAVE: &str = "
    WITH moment AS (
        UPDATE last_save SET saved_at = greatest(clock_timestamp(), saved_at + interval '1 microsecond')
        RETURNING saved_at
    )
    INSERT INTO comics AS c (comic_number, title, caption, transcript, image, link, interactive, published,
                             fetched_at, saved_at)
    SELECT DISTINCT ON (comic_number) saved.*, moment.saved_at
    FROM moment CROSS JOIN unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                                  $7::boolean[], $8::date[], $9::timestamptz[])
        AS saved (comic_number, title, caption, transcript, image, link, interactive, published, fetched_at)
    ORDER BY comic_number, fetched_at DESC
    ON CONFLICT (comic_number) DO UPDATE SET title = excluded.title, caption = excluded.caption,
        transcript = excluded.transcript, image = excluded.image, link = excluded.link,
        interactive = excluded.interactive, published = excluded.published, fetched_at = excluded.fetched_at,
        saved_at = excluded.saved_at
    WHERE c.fetched_at <= excluded.fetched_at OR c.fetched_at > clock_timestamp() + interval '1 day'";

/// Always by the clock as it is then: a claim may have waited for another.
const CLAIM_FILL: &str = "
    INSERT INTO fill_lease AS l (id, holder, expires_at)
    VALUES (1, $1, clock_timestamp() + $2 * interval '1 millisecond')
    ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()
    RETURNING expires_at > clock_timestamp()";

impl PostgresComicArchive {
    /// Keeps comics in a database.
    #[must_use]
    pub const fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ComicArchive for PostgresComicArchive {
    async fn load(&self, since: Option<OffsetDateTime>) -> Result<ArchiveChanges, ComicArchiveError> {
        let rows = self.store.run(Statement::repeatable(LOAD).bind(since)).await?;
        Ok(changes(&rows)?)
    }

    async fn save(&self, comics: &[ArchivedComic]) -> Result<(), ComicArchiveError> {
        if !comics.is_empty() {
            self.store.run(save(comics)).await?;
        }
        Ok(())
    }

    async fn claim_fill(&self, holder: &str, period: Duration) -> Result<bool, ComicArchiveError> {
        let statement = Statement::repeatable(CLAIM_FILL).bind(holder.to_owned()).bind(milliseconds(period));
        let rows = self.store.run(statement).await?;
        // No row: somebody else has it.
        Ok(rows.first().map(|row| row.column(0)).transpose()?.unwrap_or(false))
    }
}

fn changes(rows: &[Row]) -> Result<ArchiveChanges, PostgresStoreError> {
    let as_of = rows.first().map(|row| row.column(0)).transpose()?.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut comics = Vec::with_capacity(rows.len());
    for row in rows {
        if row.column::<Option<i32>>(1)?.is_some() {
            comics.push(archived_comic(row)?);
        }
    }
    Ok(ArchiveChanges { comics, as_of })
}

fn archived_comic(row: &Row) -> Result<ArchivedComic, PostgresStoreError> {
    let comic = Comic {
        number: row.comic(1)?,
        title: row.column(2)?,
        caption: row.column(3)?,
        transcript: row.column(4)?,
        image: row.parsed_if_any(5)?,
        link: row.parsed_if_any(6)?,
        interactive: row.column(7)?,
        published: row.column(8)?,
    };
    Ok(ArchivedComic { comic, fetched_at: row.column(9)? })
}

fn save(comics: &[ArchivedComic]) -> Statement {
    fn column<T>(comics: &[ArchivedComic], value: impl Fn(&Comic) -> T) -> Vec<T> {
        comics.iter().map(|it| value(&it.comic)).collect()
    }
    Statement::repeatable(SAVE)
        .bind(column(comics, |it| number(it.number)))
        .bind(column(comics, |it| it.title.clone()))
        .bind(column(comics, |it| it.caption.clone()))
        .bind(column(comics, |it| it.transcript.clone()))
        .bind(column(comics, |it| it.image.as_ref().map(ImageUrl::as_str).map(str::to_owned)))
        .bind(column(comics, |it| it.link.as_ref().map(LinkUrl::as_str).map(str::to_owned)))
        .bind(column(comics, |it| it.interactive))
        .bind(column(comics, |it| it.published))
        .bind(comics.iter().map(|it| it.fetched_at).collect::<Vec<_>>())
}

/// A period as the statement takes it: a very long one is a thousand years.
fn milliseconds(period: Duration) -> f64 {
    const LONGEST: Duration = Duration::from_hours(24 * 365 * 1_000);
    period.min(LONGEST).as_secs_f64() * 1_000.0
}
