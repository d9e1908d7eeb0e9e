//! Values of the domain in columns, and back. What does not fit is an error that counts as corruption.

use std::str::FromStr;
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row};
use time::OffsetDateTime;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

/// Reads a row's columns as values of the domain.
pub(crate) trait Columns {
    fn comic(&self, index: usize) -> rusqlite::Result<ComicNumber>;
    fn views(&self, index: usize) -> rusqlite::Result<ViewCount>;
    fn parsed<T>(&self, index: usize) -> rusqlite::Result<T>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>;
    fn parsed_if_any<T>(&self, index: usize) -> rusqlite::Result<Option<T>>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>;
    fn seconds(&self, index: usize) -> rusqlite::Result<OffsetDateTime>;
    fn milliseconds(&self, index: usize) -> rusqlite::Result<OffsetDateTime>;
}

impl Columns for Row<'_> {
    fn comic(&self, index: usize) -> rusqlite::Result<ComicNumber> {
        ComicNumber::try_from(self.get::<_, i64>(index)?).map_err(unfit(index, Type::Integer))
    }

    fn views(&self, index: usize) -> rusqlite::Result<ViewCount> {
        ViewCount::try_from(self.get::<_, i64>(index)?).map_err(unfit(index, Type::Integer))
    }

    fn parsed<T>(&self, index: usize) -> rusqlite::Result<T>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        self.get_ref(index)?.as_str()?.parse().map_err(unfit(index, Type::Text))
    }

    fn parsed_if_any<T>(&self, index: usize) -> rusqlite::Result<Option<T>>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let text = self.get_ref(index)?.as_str_or_null()?;
        text.map(str::parse).transpose().map_err(unfit(index, Type::Text))
    }

    fn seconds(&self, index: usize) -> rusqlite::Result<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.get(index)?).map_err(unfit(index, Type::Integer))
    }

    fn milliseconds(&self, index: usize) -> rusqlite::Result<OffsetDateTime> {
        let nanoseconds = i128::from(self.get::<_, i64>(index)?) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).map_err(unfit(index, Type::Integer))
    }
}

/// The error of a value that SQLite can hold and the domain can't.
pub(crate) fn unfit<E>(index: usize, kind: Type) -> impl FnOnce(E) -> Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |error| Error::FromSqlConversionFailure(index, kind, Box::new(error))
}

/// A count as a column holds it: it is never above `i64::MAX`.
pub(crate) const fn count(views: ViewCount) -> i64 {
    views.get().cast_signed()
}

/// The store's clock: milliseconds since 1970, UTC.
pub(crate) fn now_ms(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER)")?
        .query_row([], |row| row.get(0))
}

/// A period in milliseconds, as added to [`now_ms`]: a very long one is a thousand years.
pub(crate) fn period_ms(period: Duration) -> i64 {
    const LONGEST: i64 = 1_000 * 365 * 86_400_000;
    i64::try_from(period.as_millis()).map_or(LONGEST, |it| it.min(LONGEST))
}
