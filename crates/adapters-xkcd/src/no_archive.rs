//! An archive for those who want none.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use xkcd_domain::ports::comic_archive::{ArchiveChanges, ArchivedComic, ComicArchive, ComicArchiveError};

/// Keeps nothing: [`XkcdComics`](crate::XkcdComics) over it starts empty, fetches what it is asked for, and
/// never fills itself in the background.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoArchive;

#[async_trait]
impl ComicArchive for NoArchive {
    async fn load(&self, _since: Option<OffsetDateTime>) -> Result<ArchiveChanges, ComicArchiveError> {
        Ok(ArchiveChanges { comics: Vec::new(), as_of: OffsetDateTime::UNIX_EPOCH })
    }

    async fn save(&self, _comics: &[ArchivedComic]) -> Result<(), ComicArchiveError> {
        Ok(())
    }

    async fn claim_fill(&self, _holder: &str, _period: Duration) -> Result<bool, ComicArchiveError> {
        Ok(false)
    }
}
