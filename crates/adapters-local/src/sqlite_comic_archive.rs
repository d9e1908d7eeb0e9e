//! Fetched comics in the SQLite file.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use xkcd_domain::comic::{Comic, ImageUrl, LinkUrl};
use xkcd_domain::ports::comic_archive::{ArchiveChanges, ArchivedComic, ComicArchive, ComicArchiveError};

use crate::sqlite_store::{Columns, SqliteStore, now_ms, period_ms, unfit};

/// The [`ComicArchive`] of the SQLite file.
pub struct SqliteComicArchive {
    store: SqliteStore,
}

impl SqliteComicArchive {
    /// Keeps comics in an open file.
    #[must_use]
    pub const fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ComicArchive for SqliteComicArchive {
    async fn load(&self, since: Option<OffsetDateTime>) -> Result<ArchiveChanges, ComicArchiveError> {
        Ok(self.store.read(move |transaction| load(transaction, since)).await?)
    }

    async fn save(&self, comics: &[ArchivedComic]) -> Result<(), ComicArchiveError> {
        if comics.is_empty() {
            return Ok(());
        }
        let comics = comics.to_vec();
        Ok(self.store.write(move |transaction| save(transaction, &comics)).await?)
    }

    async fn claim_fill(&self, holder: &str, period: Duration) -> Result<bool, ComicArchiveError> {
        let holder = holder.to_owned();
        Ok(self.store.write(move |transaction| claim_fill(transaction, &holder, period)).await?)
    }
}

fn load(transaction: &Transaction<'_>, since: Option<OffsetDateTime>) -> rusqlite::Result<ArchiveChanges> {
    let since = since.map_or(i64::MIN, milliseconds);
    // The last save that this transaction sees. Saves come one after the other, each later than the one
    // before, so none that is yet to be committed can lie before this moment.
    let last_save: Option<i64> =
        transaction.prepare_cached("SELECT max(saved_at_ms) FROM comics")?.query_row([], |row| row.get(0))?;
    let as_of = i128::from(last_save.unwrap_or_default()) * 1_000_000;
    let comics = transaction
        .prepare_cached(
            "SELECT comic_number, title, caption, transcript, image, link, interactive, published, fetched_at
             FROM comics WHERE saved_at_ms > ?1 ORDER BY comic_number",
        )?
        .query_map([since], archived_comic)?
        .collect::<rusqlite::Result<_>>()?;
    let as_of = OffsetDateTime::from_unix_timestamp_nanos(as_of).map_err(unfit(0, Type::Integer))?;
    Ok(ArchiveChanges { comics, as_of })
}

fn milliseconds(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The form of a day of publication.
const DAY: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

fn archived_comic(row: &Row<'_>) -> rusqlite::Result<ArchivedComic> {
    let published: Option<String> = row.get(7)?;
    let published = published.map(|day| Date::parse(&day, DAY)).transpose().map_err(unfit(7, Type::Text))?;
    let comic = Comic {
        number: row.comic(0)?,
        title: row.get(1)?,
        caption: row.get(2)?,
        transcript: row.get(3)?,
        image: row.parsed_if_any(4)?,
        link: row.parsed_if_any(5)?,
        interactive: row.get(6)?,
        published,
    };
    Ok(ArchivedComic { comic, fetched_at: row.seconds(8)? })
}

fn save(transaction: &Transaction<'_>, comics: &[ArchivedComic]) -> rusqlite::Result<()> {
    let last_save: Option<i64> =
        transaction.query_row("SELECT max(saved_at_ms) FROM comics", [], |row| row.get(0))?;
    let saved_at = now_ms(transaction)?.max(last_save.map_or(i64::MIN, |it| it + 1));
    let mut statement = transaction.prepare_cached(
        "INSERT INTO comics (comic_number, title, caption, transcript, image, link, interactive, published,
                             fetched_at, saved_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET title = excluded.title, caption = excluded.caption,
             transcript = excluded.transcript, image = excluded.image, link = excluded.link,
             interactive = excluded.interactive, published = excluded.published,
             fetched_at = excluded.fetched_at, saved_at_ms = excluded.saved_at_ms
         WHERE comics.fetched_at <= excluded.fetched_at OR comics.fetched_at > unixepoch() + 86400",
    )?;
    for ArchivedComic { comic, fetched_at } in comics {
        let published = comic.published.map(|day| day.format(DAY)).transpose();
        statement.execute(params![
            comic.number.get(),
            comic.title,
            comic.caption,
            comic.transcript,
            comic.image.as_ref().map(ImageUrl::as_str),
            comic.link.as_ref().map(LinkUrl::as_str),
            comic.interactive,
            published.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
            fetched_at.unix_timestamp(),
            saved_at,
        ])?;
    }
    Ok(())
}

fn claim_fill(transaction: &Transaction<'_>, holder: &str, period: Duration) -> rusqlite::Result<bool> {
    let now = now_ms(transaction)?;
    let claimed = transaction
        .prepare_cached(
            "INSERT INTO fill_lease (id, holder, expires_at_ms) VALUES (1, ?1, ?2)
             ON CONFLICT DO UPDATE SET holder = excluded.holder, expires_at_ms = excluded.expires_at_ms
             WHERE fill_lease.holder = excluded.holder OR fill_lease.expires_at_ms <= ?3
             RETURNING expires_at_ms > ?3",
        )?
        .query_row(params![holder, now + period_ms(period), now], |row| row.get(0))
        .optional()?;
    Ok(claimed.unwrap_or(false))
}
