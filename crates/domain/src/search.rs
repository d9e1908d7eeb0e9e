//! Finds comics by number and by the words of their titles and captions.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::comic::{Comic, ComicNumber};

/// All comics, prepared for searching.
///
/// A query is words; a comic is found when its title and caption together have, for each of them, a word that
/// begins with it. Upper and lower case are the same, apostrophes don't matter, and every other character that
/// is neither letter nor digit separates words. A query that is the number of a comic, with or without `#`,
/// finds that one as well.
///
/// ```
/// use std::sync::Arc;
/// use xkcd_domain::comic::Comic;
/// use xkcd_domain::search::SearchIndex;
///
/// let comic = |number: u32, title: &str, caption: &str| Arc::new(Comic {
///     number: number.try_into().unwrap(),
///     title: title.to_owned(),
///     caption: Some(caption.to_owned()),
///     transcript: None, image: None, link: None, interactive: false, published: None,
/// });
/// let index = SearchIndex::new(&[comic(1, "Boats", "Don't rock it"), comic(2, "A Boat", "")]);
/// let found = |query| index.find(query).iter().map(|it| it.number.get()).collect::<Vec<_>>();
/// assert_eq!(found("BOAT"), [2, 1]);
/// assert_eq!(found("dont boat"), [1]);
/// assert_eq!(found("#1"), [1]);
/// ```
#[derive(Debug)]
pub struct SearchIndex(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    comic: Arc<Comic>,
    title: Words,
    caption: Words,
}

/// How well a comic answers a query: the first is the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number,
    Title,
    BeginningsInTitle,
    Elsewhere,
}

impl SearchIndex {
    /// Prepares comics, in any order.
    #[must_use]
    pub fn new(comics: &[Arc<Comic>]) -> Self {
        let entry = |comic: &Arc<Comic>| Entry {
            comic: Arc::clone(comic),
            title: Words::of(&comic.title),
            caption: Words::of(comic.caption.as_deref().unwrap_or_default()),
        };
        Self(comics.iter().map(entry).collect())
    }

    /// The comics that a query finds, each once: the one of that number first, then those whose title has all
    /// the words, then those whose title has words that begin with them, then the others; among equals the
    /// newest first. A query without letters and digits finds nothing.
    ///
    /// Its cost grows with the text of all comics times the words of the query.
    #[must_use]
    pub fn find(&self, query: &str) -> Vec<Arc<Comic>> {
        let words = Words::of(query);
        let number = number_of(query);
        let ranked = |entry: &Entry| Some((entry.rank(&words, number)?, Reverse(entry.comic.number)));
        let mut found: Vec<_> =
            self.0.iter().filter_map(|entry| Some((ranked(entry)?, &entry.comic))).collect();
        found.sort_unstable_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, comic)| Arc::clone(comic)).collect()
    }
}

/// The numbers of the comics whose title alone answers a query, as in [`SearchIndex`], in ascending order. The
/// number that a query is is among them, whether or not its comic is.
#[must_use]
pub fn find_by_title(comics: &[Arc<Comic>], query: &str) -> Vec<ComicNumber> {
    let words = Words::of(query);
    let is_found = |comic: &Comic| {
        let title = Words::of(&comic.title);
        words.iter().next().is_some() && words.iter().all(|word| title.has_beginning(word))
    };
    let mut found: Vec<_> = comics.iter().filter(|it| is_found(it)).map(|it| it.number).collect();
    found.extend(number_of(query));
    found.sort_unstable();
    found.dedup();
    found
}

/// The comic that a query names, with or without `#`.
fn number_of(query: &str) -> Option<ComicNumber> {
    query.trim().trim_start_matches('#').parse().ok()
}

impl Entry {
    fn rank(&self, words: &Words, number: Option<ComicNumber>) -> Option<Rank> {
        if number == Some(self.comic.number) {
            return Some(Rank::Number);
        }
        let mut rank = None;
        for word in words.iter() {
            let of_word = if self.title.has(word) {
                Rank::Title
            } else if self.title.has_beginning(word) {
                Rank::BeginningsInTitle
            } else if self.caption.has_beginning(word) {
                Rank::Elsewhere
            } else {
                return None;
            };
            rank = rank.max(Some(of_word));
        }
        rank
    }
}

/// Words in lower case, a space before and behind each: ` one two `.
#[derive(Debug)]
struct Words(String);

impl Words {
    fn of(text: &str) -> Self {
        let mut words = String::with_capacity(text.len() + 2);
        words.push(' ');
        for letter in text.chars().flat_map(char::to_lowercase) {
            if letter.is_alphanumeric() {
                words.push(letter);
            } else if !matches!(letter, '\'' | '’') && !words.ends_with(' ') {
                words.push(' ');
            }
        }
        if !words.ends_with(' ') {
            words.push(' ');
        }
        Self(words)
    }

    /// Each with the space before it and the one behind it.
    fn iter(&self) -> impl Iterator<Item = &str> {
        let spaces = || self.0.match_indices(' ').map(|(at, _)| at);
        spaces().zip(spaces().skip(1)).filter_map(|(before, behind)| self.0.get(before..=behind))
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    fn has_beginning(&self, word: &str) -> bool {
        self.0.contains(word.trim_end())
    }
}
