//! The titles of comics, as far as they are in memory: nothing in the admin site waits for xkcd.com.

use xkcd_domain::comic::{Comic, ComicNumber};

use crate::app::AppState;

/// The title of a comic, if it is in memory.
pub(super) fn of(state: &AppState, number: ComicNumber) -> Option<String> {
    let found = state.parts.show_comic.source_of(number).in_memory(number)?;
    Some(found.comic.title.clone())
}

/// The comics whose number or title a search means: `353`, `#353`, or words that are all in the title.
pub(super) fn found_by(state: &AppState, words: &str) -> Vec<ComicNumber> {
    let wanted = Wanted::parse(words);
    let sources =
        [state.parts.show_comic.main_source(), state.parts.show_comic.source_of(ComicNumber::FIRST_BUILT_IN)];
    let comics = sources.iter().map(|source| source.all_in_memory());
    let mut found: Vec<_> = comics
        .flat_map(|comics| {
            comics.iter().filter(|it| wanted.is_in(it)).map(|it| it.number).collect::<Vec<_>>()
        })
        .chain(wanted.number)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

struct Wanted {
    number: Option<ComicNumber>,
    words: Vec<String>,
}

impl Wanted {
    fn parse(text: &str) -> Self {
        let number = text.trim().trim_start_matches('#').parse().ok();
        Self { number, words: text.split_whitespace().map(str::to_lowercase).collect() }
    }

    fn is_in(&self, comic: &Comic) -> bool {
        let title = comic.title.to_lowercase();
        self.words.iter().all(|word| title.contains(word))
    }
}
