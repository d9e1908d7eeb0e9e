//! Where comics come from.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::Cause;
use crate::comic::{Comic, ComicNumber, ComicRange, Sourced};

/// A collection of comics, held in memory once seen.
///
/// ```
/// use std::time::Instant;
///
/// use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};
///
/// /// The title of the newest comic that can be had by a moment.
/// async fn newest(source: &dyn ComicSource, deadline: Instant) -> Result<String, ComicSourceError> {
///     let number = source.range(deadline).await?.newest();
///     match source.comic(number, deadline).await? {
///         Some(found) if found.stale => Ok(format!("{} (may have changed)", found.comic.title)),
///         Some(found) => Ok(found.comic.title.clone()),
///         None => Ok(format!("there is no comic {number}")),
///     }
/// }
/// # use xkcd_domain::comic::{ComicNumber, ComicRange};
/// # use xkcd_domain::ports::comic_source::MockComicSource;
/// # let mut source = MockComicSource::new();
/// # source.expect_range().returning(|_| Ok(ComicRange::new(ComicNumber::ONE, ComicNumber::ONE).unwrap()));
/// # source.expect_comic().returning(|_, _| Ok(None));
/// # let told = futures_executor::block_on(newest(&source, Instant::now())).unwrap();
/// # assert_eq!(told, "there is no comic 1");
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait ComicSource: Send + Sync + 'static {
    /// The first and the newest comic.
    ///
    /// - Answers by `deadline`; at once when it is known.
    /// - Once known it stays known: an outage does not take it back, and `newest` never falls.
    ///
    /// # Errors
    ///
    /// When nothing has been known yet and can't be found out in time.
    async fn range(&self, deadline: Instant) -> Result<ComicRange, ComicSourceError>;

    /// A comic by its number.
    ///
    /// - Answers by `deadline`; at once for a comic in memory, even when that is stale.
    /// - `None` means that there is no such comic, and only that.
    /// - The comic has the number that was asked for.
    /// - What was answered once is in memory from then on.
    /// - Callers that ask for one comic at the same time cause one fetch.
    /// - A caller that leaves does not stop the fetch that others wait for.
    ///
    /// # Errors
    ///
    /// When the comic is not in memory and can't be had in time, or what came is not a comic.
    async fn comic(
        &self,
        number: ComicNumber,
        deadline: Instant,
    ) -> Result<Option<Sourced>, ComicSourceError>;

    /// A comic that is in memory. Never fetches, never waits.
    fn in_memory(&self, number: ComicNumber) -> Option<Sourced>;

    /// All comics in memory, in ascending order, each once. Never fetches, never waits.
    fn all_in_memory(&self) -> Arc<[Arc<Comic>]>;
}

/// Why a source gave no comic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComicSourceError {
    /// It can't be reached, or not in time: worth another try.
    #[error("the comic source can't be reached")]
    Unavailable(#[source] Cause),
    /// It answered with something that is no comic.
    #[error("the comic source gave something that is not a comic")]
    Corrupt(#[source] Cause),
}
