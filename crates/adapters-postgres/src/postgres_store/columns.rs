//! Values of the domain in columns, and back. What does not fit is an error that counts as corruption.

use std::str::FromStr;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

use super::PostgresStoreError;

type Result<T> = std::result::Result<T, PostgresStoreError>;

/// Reads a row's columns as values of the domain.
pub(crate) trait Columns {
    fn column<'a, T: FromSql<'a>>(&'a self, index: usize) -> Result<T>;
    fn comic(&self, index: usize) -> Result<ComicNumber>;
    fn views(&self, index: usize) -> Result<ViewCount>;
    fn parsed<T>(&self, index: usize) -> Result<T>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>;
    fn parsed_if_any<T>(&self, index: usize) -> Result<Option<T>>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>;
}

impl Columns for Row {
    fn column<'a, T: FromSql<'a>>(&'a self, index: usize) -> Result<T> {
        self.try_get(index).map_err(unfit)
    }

    fn comic(&self, index: usize) -> Result<ComicNumber> {
        ComicNumber::try_from(i64::from(self.column::<i32>(index)?)).map_err(unfit)
    }

    fn views(&self, index: usize) -> Result<ViewCount> {
        ViewCount::try_from(self.column::<i64>(index)?).map_err(unfit)
    }

    fn parsed<T>(&self, index: usize) -> Result<T>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        self.column::<&str>(index)?.parse().map_err(unfit)
    }

    fn parsed_if_any<T>(&self, index: usize) -> Result<Option<T>>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        self.column::<Option<&str>>(index)?.map(str::parse).transpose().map_err(unfit)
    }
}

/// The error of a value that a column can hold and the domain can't.
pub(crate) fn unfit(error: impl std::error::Error + Send + Sync + 'static) -> PostgresStoreError {
    PostgresStoreError::Unfit(error.into())
}

/// A comic's number as a column holds it: it is never above `i32::MAX`.
pub(crate) const fn number(comic: ComicNumber) -> i32 {
    comic.get().cast_signed()
}

/// A count as a column holds it: it is never above `i64::MAX`.
pub(crate) const fn count(views: ViewCount) -> i64 {
    views.get().cast_signed()
}
