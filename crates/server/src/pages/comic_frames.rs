//! Pages of comics, rendered once: from view to view nothing changes but the count.

use std::collections::HashMap;
use std::iter;
use std::sync::{Arc, PoisonError, RwLock};

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

use super::comic_page::Encounter;
use super::grouped;

/// Where the template leaves room for the count, its digits in groups, and the plural. No text of a comic is
/// this: what looks like markup is escaped.
const MARK: &str = "<count>";

/// The pages that were rendered last, one for each comic: a few kilobytes each, as many as there are comics.
#[derive(Debug, Default)]
pub(super) struct ComicFrames(RwLock<HashMap<ComicNumber, Arc<Frame>>>);

/// A page around its count.
#[derive(Debug)]
struct Frame {
    encounter: Encounter,
    pieces: Vec<Box<str>>,
}

impl ComicFrames {
    /// The page of an encounter; rendered if the last one of that comic was another.
    pub(super) fn page<E>(
        &self,
        encounter: &Encounter,
        views: ViewCount,
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        let number = encounter.shown.comic.number;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        let frame = if let Some(frame) = known.filter(|frame| frame.encounter == *encounter) {
            frame
        } else {
            let pieces = render()?.split(MARK).map(Box::from).collect();
            let frame = Arc::new(Frame { encounter: encounter.clone(), pieces });
            let mut frames = self.0.write().unwrap_or_else(PoisonError::into_inner);
            frames.insert(number, Arc::clone(&frame));
            frame
        };
        Ok(frame.around(views.get()))
    }
}

impl Frame {
    fn around(&self, views: u64) -> String {
        const DIGITS: usize = 60;
        let count = [views.to_string(), grouped(views), if views == 1 { "" } else { "s" }.to_owned()];
        let length = self.pieces.iter().map(|piece| piece.len()).sum::<usize>() + DIGITS;
        let mut page = String::with_capacity(length);
        let fillings = count.iter().map(String::as_str).chain(iter::repeat(""));
        for (piece, filling) in self.pieces.iter().zip(fillings) {
            page.extend([piece, filling]);
        }
        page
    }
}
