//! Pages of comics, rendered and compressed once: from view to view nothing changes but the count.

use std::collections::HashMap;
use std::iter;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use actix_web::web::Bytes;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

use super::comic_page::Encounter;
use super::grouped;
use super::split_gzip::SplitGzip;

/// Where the template leaves room for the count, its digits in groups, and the plural. No text of a comic is
/// this: what looks like markup is escaped.
const MARK: &str = "<count>";

/// How a page is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// As a gzip file.
    Gzip,
}

/// The pages that were rendered last, one for each comic: a few kilobytes each, as many as there are comics.
#[derive(Debug, Default)]
pub(super) struct ComicFrames(RwLock<HashMap<ComicNumber, Arc<Frame>>>);

/// A page around its count.
#[derive(Debug)]
struct Frame {
    encounter: Encounter,
    before: Box<str>,
    /// What stands between one form of the count and the next.
    between: Vec<Box<str>>,
    after: Box<str>,
    /// Made for the first who takes it.
    gzip: OnceLock<SplitGzip>,
}

impl ComicFrames {
    /// The page of an encounter; rendered if the last one of that comic was another.
    pub(super) fn page<E>(
        &self,
        encounter: &Encounter,
        views: ViewCount,
        encoding: Encoding,
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<Bytes, E> {
        let number = encounter.shown.comic.number;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        let frame = if let Some(frame) = known.filter(|frame| frame.encounter == *encounter) {
            frame
        } else {
            let frame = Arc::new(Frame::new(encounter.clone(), &render()?));
            let mut frames = self.0.write().unwrap_or_else(PoisonError::into_inner);
            frames.insert(number, Arc::clone(&frame));
            frame
        };
        Ok(frame.around(views.get(), encoding))
    }
}

impl Frame {
    fn new(encounter: Encounter, page: &str) -> Self {
        let (before, rest) = page.split_once(MARK).unwrap_or((page, ""));
        let (between, after) = rest.rsplit_once(MARK).unwrap_or(("", rest));
        Self {
            encounter,
            before: before.into(),
            between: between.split(MARK).map(Box::from).collect(),
            after: after.into(),
            gzip: OnceLock::new(),
        }
    }

    fn around(&self, views: u64, encoding: Encoding) -> Bytes {
        let counts = [views.to_string(), grouped(views), if views == 1 { "" } else { "s" }.to_owned()];
        let mut middle = String::new();
        let between = self.between.iter().map(AsRef::as_ref).chain(iter::once(""));
        for (count, between) in counts.iter().zip(between) {
            middle.extend([count, between]);
        }
        let [before, middle, after] = [&self.before, &*middle, &self.after].map(str::as_bytes);
        let page = match encoding {
            Encoding::Identity => [before, middle, after].concat(),
            Encoding::Gzip => {
                let gzip = self.gzip.get_or_init(|| SplitGzip::new(before, after));
                gzip.around(before, middle, after)
            }
        };
        page.into()
    }
}
