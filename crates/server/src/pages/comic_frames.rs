//! Pages of comics, rendered and compressed once: from view to view nothing changes but the count.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use actix_web::web::Bytes;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

use super::comic_page::Encounter;
use super::grouped;
use super::split_gzip::SplitGzip;

/// The marks around what the template shows with a count, and around what it shows without. No text of a comic is
/// any of them: what looks like markup is escaped.
const COUNTED: &str = "<counted>";
const UNCOUNTED: &str = "<uncounted>";
const END: &str = "<end>";
/// Where it leaves room for the count, its digits in groups, and the plural.
const COUNT: &str = "<count>";

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
    /// What stands around and between the forms of the count.
    counted: Vec<Box<str>>,
    uncounted: Box<str>,
    after: Box<str>,
    /// Made for the first who takes it.
    gzip: OnceLock<SplitGzip>,
}

impl ComicFrames {
    /// The page of an encounter; rendered if the last one of that comic was another.
    pub(super) fn page<E>(
        &self,
        encounter: &Encounter,
        views: Option<ViewCount>,
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
        Ok(frame.around(views.map(ViewCount::get), encoding))
    }
}

impl Frame {
    fn new(encounter: Encounter, page: &str) -> Self {
        let (before, rest) = page.split_once(COUNTED).unwrap_or((page, ""));
        let (counted, rest) = rest.split_once(UNCOUNTED).unwrap_or(("", rest));
        let (uncounted, after) = rest.split_once(END).unwrap_or(("", rest));
        Self {
            encounter,
            before: before.into(),
            counted: counted.split(COUNT).map(Box::from).collect(),
            uncounted: uncounted.into(),
            after: after.into(),
            gzip: OnceLock::new(),
        }
    }

    fn around(&self, views: Option<u64>, encoding: Encoding) -> Bytes {
        let middle = views.map_or(Cow::Borrowed(&*self.uncounted), |views| Cow::Owned(self.counted(views)));
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

    fn counted(&self, views: u64) -> String {
        let counts = [views.to_string(), grouped(views), if views == 1 { "" } else { "s" }.to_owned()];
        let mut counts = counts.iter();
        self.counted.iter().flat_map(|text| [&**text, counts.next().map_or("", String::as_str)]).collect()
    }
}
