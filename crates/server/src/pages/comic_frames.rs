//! Pages of comics, rendered once: from view to view nothing changes but the count.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

use super::comic_page::Encounter;
use super::grouped;

/// Where the template leaves room for the count. No text of a comic is this: what looks like markup is escaped.
const MARK: &str = "<!--views-->";

/// The pages that were rendered last, one for each comic: a few kilobytes each, as many as there are comics.
#[derive(Debug, Default)]
pub(super) struct ComicFrames(RwLock<HashMap<ComicNumber, Arc<Frame>>>);

/// A page around its count.
#[derive(Debug)]
struct Frame {
    encounter: Encounter,
    before: Box<str>,
    after: Box<str>,
}

impl ComicFrames {
    /// The page of an encounter; rendered if the last one of that comic was another.
    pub(super) fn page<E>(
        &self,
        encounter: &Encounter,
        views: Option<ViewCount>,
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
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
        Ok([&frame.before, count(views).as_str(), &frame.after].concat())
    }
}

impl Frame {
    fn new(encounter: Encounter, html: &str) -> Self {
        let (before, after) = html.split_once(MARK).unwrap_or((html, ""));
        Self { encounter, before: before.into(), after: after.into() }
    }
}

fn count(views: Option<ViewCount>) -> String {
    let Some(views) = views else { return "<span>views: not known right now</span>".to_owned() };
    let views = views.get();
    let plural = if views == 1 { "" } else { "s" };
    format!("<span data-views=\"{views}\">{} view{plural}</span>", grouped(views))
}
