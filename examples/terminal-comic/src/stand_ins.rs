//! Comics that come with the program, for when there are no others: a port implemented.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, Sourced};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

const WORDS: [[&str; 3]; 3] = [
    [
        "No Signal",
        "The line is fine. It is waiting for somebody to say something first.",
        "A cable, at rest.",
    ],
    ["Localhost", "There is no place further away than the next hop.", "A map: one dot, 'you are here'."],
    [
        "Retry",
        "Insanity is doing it again with exponential backoff and jitter.",
        "A door, knocked on. Again.",
    ],
];

/// Three comics without a picture.
pub(crate) struct StandIns {
    comics: Arc<[Arc<Comic>]>,
}

impl StandIns {
    pub(crate) fn new() -> Self {
        let numbers = (ComicNumber::FIRST_BUILT_IN.get()..).filter_map(|it| ComicNumber::try_from(it).ok());
        let comics = numbers.zip(WORDS).map(|(number, [title, caption, transcript])| Comic {
            number,
            title: title.to_owned(),
            caption: Some(caption.to_owned()),
            transcript: Some(transcript.to_owned()),
            image: None,
            link: None,
            interactive: false,
            published: None,
        });
        Self { comics: comics.map(Arc::new).collect() }
    }
}

#[async_trait]
impl ComicSource for StandIns {
    async fn range(&self, _deadline: Instant) -> Result<ComicRange, ComicSourceError> {
        let ends = self.comics.first().zip(self.comics.last());
        let range = ends.and_then(|(first, newest)| ComicRange::new(first.number, newest.number));
        range.ok_or_else(|| ComicSourceError::Corrupt("there are no comics".into()))
    }

    async fn comic(
        &self,
        number: ComicNumber,
        _deadline: Instant,
    ) -> Result<Option<Sourced>, ComicSourceError> {
        Ok(self.in_memory(number))
    }

    fn in_memory(&self, number: ComicNumber) -> Option<Sourced> {
        let comic = self.comics.iter().find(|comic| comic.number == number)?;
        Some(Sourced { comic: Arc::clone(comic), fetched_at: None, stale: false })
    }

    fn all_in_memory(&self) -> Arc<[Arc<Comic>]> {
        Arc::clone(&self.comics)
    }
}

#[cfg(test)]
mod tests {
    use xkcd_domain::contract::comic_source::SourceSubject;

    use super::*;

    fn subject() -> (SourceSubject, ()) {
        let source = Arc::new(StandIns::new());
        (SourceSubject { source, absent: ComicNumber::ONE, upstream: None }, ())
    }

    xkcd_domain::contract_tests! {
        #[tokio::test]
        comic_source => subject()
    }
}
