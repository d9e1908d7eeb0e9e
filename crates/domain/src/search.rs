//! Finds comics by number and by the words of their titles and captions.

use std::cmp::Reverse;
use std::sync::Arc;

use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization;

use crate::comic::{Comic, ComicNumber};

/// All comics, prepared for searching.
///
/// A query is words; a comic is found when its title and caption together have, for each of them, a word that
/// begins with it. Upper and lower case are the same, accents and apostrophes don't matter, and every other
/// character that is neither letter nor digit separates words. A query that is the number of a comic, with or
/// without `#`, finds that one as well.
///
/// ```
/// use std::sync::Arc;
/// use xkcd_domain::comic::Comic;
/// use xkcd_domain::search::{Query, SearchIndex};
///
/// let comic = |number: u32, title: &str, caption: &str| Arc::new(Comic {
///     number: number.try_into().unwrap(),
///     title: title.to_owned(),
///     caption: Some(caption.to_owned()),
///     transcript: None, image: None, link: None, interactive: false, published: None,
/// });
/// let index = SearchIndex::new(&[comic(1, "Boats", "Don't rock it"), comic(2, "A Bôat", "")]);
/// let found = |text| index.find(&Query::new(text)).iter().map(|it| it.number.get()).collect::<Vec<_>>();
/// assert_eq!(found("BOAT"), [2, 1]);
/// assert_eq!(found("dont boat"), [1]);
/// assert_eq!(found("#1"), [1]);
/// ```
#[derive(Debug)]
pub struct SearchIndex(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    comic: Arc<Comic>,
    /// The words of the title, then those of the caption: one text to look through.
    text: String,
    title_ends: usize,
}

/// How well a comic answers a query: the first is the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number,
    Title,
    BeginningsInTitle,
    Elsewhere,
}

/// What is looked for.
#[derive(Debug)]
pub struct Query {
    /// Each with the space before it, so that it is found where a word begins.
    words: Vec<Finder<'static>>,
    number: Option<ComicNumber>,
    leaves_out: bool,
}

impl Query {
    /// How many different words are looked for. More would only cost time: few comics have this many of
    /// anybody's words.
    pub const MOST_WORDS: usize = 8;

    /// Reads a query. A word that comes again changes nothing, and those beyond [`Query::MOST_WORDS`] are left
    /// out.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let all = words_of(text);
        let (mut words, mut leaves_out) = (Vec::new(), false);
        for word in all.split_ascii_whitespace() {
            if words.contains(&word) {
                continue;
            }
            if words.len() == Self::MOST_WORDS {
                leaves_out = true;
                break;
            }
            words.push(word);
        }
        let finder = |word: &str| Finder::new(&format!(" {word}")).into_owned();
        Self { words: words.into_iter().map(finder).collect(), number: number_of(text), leaves_out }
    }

    /// Whether it had more words than are looked for.
    #[must_use]
    pub const fn leaves_out(&self) -> bool {
        self.leaves_out
    }
}

impl SearchIndex {
    /// Prepares comics, in any order.
    #[must_use]
    pub fn new(comics: &[Arc<Comic>]) -> Self {
        let mut entries: Vec<_> = comics.iter().map(Entry::of).collect();
        entries.sort_by_key(|entry| Reverse(entry.comic.number));
        Self(entries)
    }

    /// The comics that a query finds, each once: the one of that number first, then those whose title has all
    /// the words, then those whose title has words that begin with them, then the others; among equals the
    /// newest first. A query without letters and digits finds nothing.
    ///
    /// Its cost grows with the text of all comics times the words of the query, of which there are few.
    #[must_use]
    pub fn find(&self, query: &Query) -> Vec<Arc<Comic>> {
        let mut found: Vec<_> =
            self.0.iter().filter_map(|entry| Some((entry.rank(query)?, &entry.comic))).collect();
        // Stable: they are in order of their numbers already.
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, comic)| Arc::clone(comic)).collect()
    }
}

/// The numbers of the comics whose title alone answers a query, as in [`SearchIndex`], in ascending order. The
/// number that a query is is among them, whether or not its comic is.
#[must_use]
pub fn find_by_title(comics: &[Arc<Comic>], query: &Query) -> Vec<ComicNumber> {
    let is_found = |comic: &Comic| {
        let title = words_of(&comic.title);
        query.words.iter().all(|word| word.find(title.as_bytes()).is_some())
    };
    let searched = if query.words.is_empty() { &[] } else { comics };
    let mut found: Vec<_> = searched.iter().filter(|it| is_found(it)).map(|it| it.number).collect();
    found.extend(query.number);
    found.sort_unstable();
    found.dedup();
    found
}

/// The comic that a query names, with or without `#`.
fn number_of(query: &str) -> Option<ComicNumber> {
    query.trim().trim_start_matches('#').parse().ok()
}

impl Entry {
    fn of(comic: &Arc<Comic>) -> Self {
        let mut text = words_of(&comic.title);
        let title_ends = text.len();
        text.push_str(&words_of(comic.caption.as_deref().unwrap_or_default()));
        Self { comic: Arc::clone(comic), text, title_ends }
    }

    fn rank(&self, query: &Query) -> Option<Rank> {
        if query.number == Some(self.comic.number) {
            return Some(Rank::Number);
        }
        let mut rank = None;
        for word in &query.words {
            rank = rank.max(Some(self.rank_of(word)?));
        }
        rank
    }

    fn rank_of(&self, word: &Finder<'_>) -> Option<Rank> {
        let first = word.find(self.text.as_bytes())?;
        if first >= self.title_ends {
            return Some(Rank::Elsewhere);
        }
        let title = &self.text.as_bytes()[..self.title_ends];
        let is_whole = |at: usize| title.get(at + word.needle().len()) == Some(&b' ');
        let whole = word.find_iter(title).any(is_whole);
        Some(if whole { Rank::Title } else { Rank::BeginningsInTitle })
    }
}

/// The words of a text in lower case and without accents, a space before and behind each: ` one two `.
fn words_of(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 2);
    words.push(' ');
    let mut add = |letter: char| {
        if letter.is_alphanumeric() {
            words.push(letter);
        } else if !matches!(letter, '\'' | '’') && !words.ends_with(' ') {
            words.push(' ');
        }
    };
    if text.is_ascii() {
        text.chars().map(|letter| letter.to_ascii_lowercase()).for_each(&mut add);
    } else {
        let letters = text.chars().flat_map(char::to_lowercase).nfd();
        letters.filter(|letter| !is_accent(*letter)).for_each(&mut add);
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

/// What a letter with an accent is taken apart into, beside the letter.
const fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}
