//! Why a fetch gave nothing.

use std::sync::Arc;

use xkcd_domain::ports::comic_source::ComicSourceError;

use crate::document::DocumentError;

/// Why a fetch gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the upstream did not answer in time")]
    Timeout,
    #[error("the connection to the upstream failed")]
    Unreachable(#[source] Box<ureq::Error>),
    #[error("the upstream answered with status {0}")]
    Refused(u16),
    /// A status that is neither a comic, nor "no such comic", nor an error: a redirect above all.
    #[error("the upstream answered with the unexpected status {0}")]
    Unexpected(u16),
    #[error("the upstream answered with something that is not HTTP, or too large")]
    Garbled(#[source] Box<ureq::Error>),
    #[error("the upstream answered with something that is not a comic")]
    NotAComic(#[from] DocumentError),
    #[error("the upstream is known to be down")]
    KnownToBeDown,
    #[error("too many different comics are being fetched")]
    TooMany,
    #[error("the fetch ended early")]
    Ended,
}

impl FetchError {
    /// Whether another try at once may help.
    pub(crate) const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused(500..))
    }

    /// Whether the upstream gave something that is not a comic.
    pub(crate) const fn is_corrupt(&self) -> bool {
        matches!(self, Self::Unexpected(_) | Self::Garbled(_) | Self::NotAComic(_))
    }

    /// Whether the upstream answered as it should, and what it gave is no comic.
    pub(crate) const fn is_of_one_document(&self) -> bool {
        matches!(self, Self::NotAComic(_))
    }

    /// Whether the upstream was asked, so that the failure says something about it.
    pub(crate) const fn was_asked(&self) -> bool {
        !matches!(self, Self::KnownToBeDown | Self::TooMany | Self::Ended)
    }
}

impl From<ureq::Error> for FetchError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Timeout,
            ureq::Error::Io(ref cause) if cause.kind() == std::io::ErrorKind::TimedOut => Self::Timeout,
            ureq::Error::Protocol(_)
            | ureq::Error::Http(_)
            | ureq::Error::LargeResponseHeader(..)
            | ureq::Error::BodyExceedsLimit(_)
            | ureq::Error::Decompress(..) => Self::Garbled(Box::new(error)),
            _ => Self::Unreachable(Box::new(error)),
        }
    }
}

/// Several callers may have waited for the one fetch that failed.
pub(crate) fn to_port(error: Arc<FetchError>) -> ComicSourceError {
    if error.is_corrupt() {
        ComicSourceError::Corrupt(Box::new(error))
    } else {
        ComicSourceError::Unavailable(Box::new(error))
    }
}
