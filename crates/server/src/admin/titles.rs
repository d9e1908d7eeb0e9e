//! The titles of comics, as far as they are in memory: nothing in the admin site waits for xkcd.com.

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::search::{Query, find_by_title};

use crate::app::AppState;

/// The title of a comic, if it is in memory.
pub(super) fn of(state: &AppState, number: ComicNumber) -> Option<String> {
    let found = state.parts.show_comic.source_of(number).in_memory(number)?;
    Some(found.comic.title.clone())
}

/// The comics whose number or title a search means.
pub(super) fn found_by(state: &AppState, query: &str) -> Vec<ComicNumber> {
    let query = Query::new(query);
    let show_comic = &state.parts.show_comic;
    let sources = [show_comic.main_source(), show_comic.built_in()];
    let mut found: Vec<_> =
        sources.iter().flat_map(|source| find_by_title(&source.all_in_memory(), &query)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
