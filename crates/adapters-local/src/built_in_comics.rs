//! The comics that come with the app.

mod entries;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, ImageUrl, InvalidUrl, Sourced};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

use self::entries::{ENTRIES, Entry};

/// The [`ComicSource`] that needs no network: a handful of comics in the program itself, numbered from
/// [`ComicNumber::FIRST_BUILT_IN`] on.
#[derive(Clone, Debug)]
pub struct BuiltInComics {
    comics: Arc<[Arc<Comic>]>,
    drawings: Arc<[Drawing]>,
}

/// The image of a built-in comic, to be served under its path as `image/svg+xml`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawing {
    /// The absolute path that the comic's image address names. It holds a hash of the content, so what
    /// is served under it never changes.
    pub path: String,
    /// An SVG document without scripts and without references to anything outside.
    pub svg: &'static [u8],
}

impl BuiltInComics {
    /// The built-in comics, with image addresses of the form `<base>/NAME.HASH.svg`.
    ///
    /// # Errors
    ///
    /// When `base` is not an absolute path without a slash at its end.
    pub fn new(base: &str) -> Result<Self, InvalidUrl> {
        if base.ends_with('/') {
            return Err(InvalidUrl);
        }
        let drawings: Arc<[Drawing]> = ENTRIES.iter().map(|entry| drawing(base, entry)).collect();
        let numbers = (ComicNumber::FIRST_BUILT_IN.get()..).filter_map(|it| ComicNumber::try_from(it).ok());
        let comics = numbers.zip(ENTRIES.iter().zip(drawings.iter()));
        let comics = comics.map(|(number, (entry, drawing))| comic(number, entry, drawing));
        Ok(Self { comics: comics.collect::<Result<_, _>>()?, drawings })
    }

    /// The image of each comic, in the order of their numbers.
    pub fn drawings(&self) -> impl Iterator<Item = Drawing> {
        self.drawings.iter().cloned()
    }
}

fn drawing(base: &str, entry: &Entry) -> Drawing {
    let digest = Sha256::digest(entry.svg);
    let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    Drawing { path: format!("{base}/{}.{hash:016x}.svg", entry.name), svg: entry.svg }
}

fn comic(number: ComicNumber, entry: &Entry, drawing: &Drawing) -> Result<Arc<Comic>, InvalidUrl> {
    let image: ImageUrl = drawing.path.parse()?;
    if !image.is_local() {
        return Err(InvalidUrl);
    }
    Ok(Arc::new(Comic {
        number,
        title: entry.title.to_owned(),
        caption: Some(entry.caption.to_owned()),
        transcript: Some(entry.transcript.to_owned()),
        image: Some(image),
        link: None,
        interactive: false,
        published: Some(entry.published),
    }))
}

#[async_trait]
impl ComicSource for BuiltInComics {
    async fn range(&self, _deadline: Instant) -> Result<ComicRange, ComicSourceError> {
        let ends = self.comics.first().zip(self.comics.last());
        ends.and_then(|(first, newest)| ComicRange::new(first.number, newest.number))
            .ok_or_else(|| ComicSourceError::Unavailable("no comic is built in".into()))
    }

    async fn comic(
        &self,
        number: ComicNumber,
        _deadline: Instant,
    ) -> Result<Option<Sourced>, ComicSourceError> {
        Ok(self.in_memory(number))
    }

    fn in_memory(&self, number: ComicNumber) -> Option<Sourced> {
        let index = number.get().checked_sub(ComicNumber::FIRST_BUILT_IN.get())?;
        let comic = self.comics.get(usize::try_from(index).ok()?)?;
        Some(Sourced { comic: Arc::clone(comic), fetched_at: None, stale: false })
    }

    fn all_in_memory(&self) -> Arc<[Arc<Comic>]> {
        Arc::clone(&self.comics)
    }
}
