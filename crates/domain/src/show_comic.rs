//! The use case: which comic a visitor is shown.

use std::sync::Arc;
use std::time::Instant;

use crate::comic::{ComicNumber, ComicRange, Sourced};
use crate::deck::Deck;
use crate::ports::comic_source::{ComicSource, ComicSourceError};

/// How far beyond the newest comic known here a visitor's deck may reach: another instance may know of
/// comics that this one has not heard of yet. A deck that reaches farther is a forgery.
const NEWEST_MAY_DIFFER_BY: u32 = 10;

/// How many comics of a deck are asked for before those in memory are taken: each may be one that does not
/// exist, and each asks the source.
const DRAWS: u32 = 3;

/// The decks of a visitor: one of the source, one of the built-in comics. They never mix.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Decks {
    /// The walk through the source's comics.
    pub source: Option<Deck>,
    /// The walk through the built-in comics.
    pub built_in: Option<Deck>,
}

/// A comic that was drawn for a visitor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// The comic.
    pub shown: Sourced,
    /// The visitor's decks after the draw.
    pub decks: Decks,
    /// Whether the comic stands in for one that could not be had.
    pub stand_in: bool,
}

/// Picks a comic, fetches it, falls back to one that is at hand.
#[derive(Clone)]
pub struct ShowComic {
    source: Option<Arc<dyn ComicSource>>,
    built_in: Arc<dyn ComicSource>,
}

impl ShowComic {
    /// Shows comics of `source`, and built-in ones when nothing else can be shown.
    #[must_use]
    pub fn new(source: Arc<dyn ComicSource>, built_in: Arc<dyn ComicSource>) -> Self {
        Self { source: Some(source), built_in }
    }

    /// Shows built-in comics only.
    #[must_use]
    pub fn built_in_only(built_in: Arc<dyn ComicSource>) -> Self {
        Self { source: None, built_in }
    }

    /// The source that has a number: built-in comics have numbers of their own.
    #[must_use]
    pub fn source_of(&self, number: ComicNumber) -> &dyn ComicSource {
        match &self.source {
            Some(source) if !number.is_built_in() => source.as_ref(),
            _ => self.built_in.as_ref(),
        }
    }

    /// The source that visitors walk through.
    #[must_use]
    pub fn main_source(&self) -> &dyn ComicSource {
        self.source.as_ref().unwrap_or(&self.built_in).as_ref()
    }

    /// The comics that are there whatever happens.
    #[must_use]
    pub fn built_in(&self) -> &dyn ComicSource {
        self.built_in.as_ref()
    }

    /// A comic by its number; `None` when there is no such comic. Answers by `deadline`.
    ///
    /// # Errors
    ///
    /// When it can't be had in time.
    pub async fn by_number(
        &self,
        number: ComicNumber,
        deadline: Instant,
    ) -> Result<Option<Sourced>, ComicSourceError> {
        self.source_of(number).comic(number, deadline).await
    }

    /// The next comic of the visitor's deck. Answers by `deadline`.
    ///
    /// A comic that can't be had in time is passed over for the next one of the deck that is in memory, and
    /// comes in the next deck. When none is in memory a built-in one stands in, and the source's deck stays
    /// where it is. `seed` shuffles a deck that is new.
    ///
    /// # Errors
    ///
    /// When even the built-in comics fail.
    pub async fn random(
        &self,
        decks: Decks,
        seed: u64,
        deadline: Instant,
    ) -> Result<Drawn, ComicSourceError> {
        let Some(source) = &self.source else {
            return self.draw_built_in(decks, seed, false, deadline).await;
        };
        match draw(source.as_ref(), decks.source, seed, deadline).await {
            Some((shown, deck)) => {
                Ok(Drawn { shown, decks: Decks { source: Some(deck), ..decks }, stand_in: false })
            }
            None => self.draw_built_in(decks, seed, true, deadline).await,
        }
    }

    async fn draw_built_in(
        &self,
        decks: Decks,
        seed: u64,
        stand_in: bool,
        deadline: Instant,
    ) -> Result<Drawn, ComicSourceError> {
        let range = self.built_in.range(deadline).await?;
        let mut deck = usable(decks.built_in, seed, range, 0);
        let number = deck.deal().unwrap_or(range.first());
        let shown = self.built_in.comic(number, deadline).await?;
        let shown = shown.ok_or_else(|| ComicSourceError::Corrupt("a built-in comic is missing".into()))?;
        Ok(Drawn { shown, decks: Decks { built_in: Some(deck), ..decks }, stand_in })
    }
}

/// Draws from the visitor's deck, or from a new one; `None` when nothing can be shown in time.
async fn draw(
    source: &dyn ComicSource,
    deck: Option<Deck>,
    seed: u64,
    deadline: Instant,
) -> Option<(Sourced, Deck)> {
    let range = source.range(deadline).await.ok()?;
    let mut deck = usable(deck, seed, range, NEWEST_MAY_DIFFER_BY);
    for _ in 0..DRAWS {
        let Some(number) = deck.deal() else {
            deck = deck.reshuffled(seed, range);
            continue;
        };
        match source.comic(number, deadline).await {
            Ok(Some(shown)) => return Some((shown, deck)),
            // No such comic, or none that can be shown: asking again would not help, the walk goes on.
            Ok(None) | Err(ComicSourceError::Corrupt(_)) => {}
            Err(ComicSourceError::Unavailable(_)) => break,
        }
    }
    draw_from_memory(source, deck)
}

fn draw_from_memory(source: &dyn ComicSource, mut deck: Deck) -> Option<(Sourced, Deck)> {
    while let Some(number) = deck.deal() {
        if let Some(shown) = source.in_memory(number) {
            return Some((shown, deck));
        }
    }
    None
}

/// The visitor's deck when it can be drawn from and reaches no farther than `beyond` the newest comic, a new
/// one otherwise.
fn usable(deck: Option<Deck>, seed: u64, range: ComicRange, beyond: u32) -> Deck {
    let Some(deck) = deck else { return Deck::shuffled(seed, range) };
    let reach = deck.range().newest().get();
    let ours = deck.range().first() == range.first() && reach <= range.newest().get() + beyond;
    if !ours {
        Deck::shuffled(seed, range)
    } else if deck.position() == deck.range().len() {
        deck.reshuffled(seed, range)
    } else {
        deck
    }
}
