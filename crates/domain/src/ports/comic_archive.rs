//! Comics that were fetched, kept where all instances find them.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::Cause;
use crate::comic::Comic;

/// A comic as the archive keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchivedComic {
    /// The comic.
    pub comic: Comic,
    /// When its document was fetched, UTC, to the second.
    pub fetched_at: OffsetDateTime,
}

/// What was saved since a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiveChanges {
    /// The comics, in ascending order of their numbers, each once.
    pub comics: Vec<ArchivedComic>,
    /// The moment to give to the next [`ComicArchive::load`], by the store's clock.
    pub as_of: OffsetDateTime,
}

/// A shared archive of fetched comics.
///
/// ```
/// use time::OffsetDateTime;
/// use xkcd_domain::ports::comic_archive::{ArchivedComic, ComicArchive, ComicArchiveError};
///
/// /// Takes in what others saved since the last time, and says when that was for the next.
/// async fn catch_up(
///     archive: &dyn ComicArchive,
///     since: Option<OffsetDateTime>,
///     mut take: impl FnMut(ArchivedComic),
/// ) -> Result<OffsetDateTime, ComicArchiveError> {
///     let changes = archive.load(since).await?;
///     changes.comics.into_iter().for_each(&mut take);
///     Ok(changes.as_of)
/// }
/// # use xkcd_domain::ports::comic_archive::{ArchiveChanges, MockComicArchive};
/// # let now = OffsetDateTime::UNIX_EPOCH;
/// # let mut archive = MockComicArchive::new();
/// # archive.expect_load().returning(move |_| Ok(ArchiveChanges { comics: vec![], as_of: now }));
/// # let next = futures_executor::block_on(catch_up(&archive, None, |_| unreachable!())).unwrap();
/// # assert_eq!(next, now);
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait ComicArchive: Send + Sync + 'static {
    /// The comics saved since a moment that an earlier load gave; all of them for `None`.
    ///
    /// - Every field of a comic comes back as it was saved.
    /// - A comic saved while this runs is in this answer or in that of `load(Some(as_of))`: an adapter may
    ///   give a comic twice, but never misses one.
    ///
    /// # Errors
    ///
    /// When the archive can't be read.
    async fn load(&self, since: Option<OffsetDateTime>) -> Result<ArchiveChanges, ComicArchiveError>;

    /// Saves comics: all of them or none.
    ///
    /// - A comic that is there is replaced, unless the one that is there was fetched later.
    /// - One that was fetched more than a day from now, by the store's clock, is replaced by any: the clock that
    ///   fetched it was wrong.
    /// - A load at the same time sees all of them or none.
    /// - Saving nothing is fine.
    /// - Comics may come in any order; two savers of the same comics never deadlock.
    ///
    /// # Errors
    ///
    /// When the archive can't be written.
    async fn save(&self, comics: &[ArchivedComic]) -> Result<(), ComicArchiveError>;

    /// Claims the task of filling the archive for a time, or renews the claim. `true` when `holder` has it.
    ///
    /// - One holder has it at a time.
    /// - The holder may renew it before it runs out.
    /// - It is free again when it has run out, by the store's clock; a `period` of zero gives it back, when it
    ///   is the holder's.
    ///
    /// # Errors
    ///
    /// When the archive can't be written.
    async fn claim_fill(&self, holder: &str, period: Duration) -> Result<bool, ComicArchiveError>;
}

/// Why the archive did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComicArchiveError {
    /// It can't be reached or not be written: worth another try.
    #[error("the comic archive can't be reached")]
    Unavailable(#[source] Cause),
    /// It holds something that is no comic.
    #[error("the comic archive holds something that is not a comic")]
    Corrupt(#[source] Cause),
}
