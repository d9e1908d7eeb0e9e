//! The cookie that remembers a visitor's decks: a few numbers, no identity.
//!
//! Its form is `1.SOURCE.BUILT-IN`, each deck being empty or `seed-newest-position` with the seed in
//! hexadecimal. A cookie of another form is ignored: the visitor gets new decks.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use xkcd_domain::comic::{ComicNumber, ComicRange};
use xkcd_domain::deck::Deck;
use xkcd_domain::show_comic::Decks;

const NAME: &str = "xkcdapp_deck";
const FORM: &str = "1";
/// Browsers keep cookies for 400 days at most.
const KEPT: Duration = Duration::days(400);

/// The decks the visitor brings along.
#[must_use]
pub fn read(request: &HttpRequest) -> Decks {
    request.cookie(NAME).and_then(|cookie| decode(cookie.value())).unwrap_or_default()
}

/// The cookie that brings the decks back.
#[must_use]
pub fn write(decks: &Decks, secure: bool) -> Cookie<'static> {
    Cookie::build(NAME, encode(decks))
        .path("/")
        .max_age(KEPT)
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(secure)
        .finish()
}

fn encode(decks: &Decks) -> String {
    let deck = |deck: &Option<Deck>| {
        deck.map_or(String::new(), |deck| {
            format!("{:x}-{}-{}", deck.seed(), deck.range().newest(), deck.position())
        })
    };
    format!("{FORM}.{}.{}", deck(&decks.source), deck(&decks.built_in))
}

fn decode(value: &str) -> Option<Decks> {
    let mut parts = value.split('.');
    let (form, source, built_in) = (parts.next()?, parts.next()?, parts.next()?);
    if form != FORM || parts.next().is_some() {
        return None;
    }
    Some(Decks {
        source: decode_deck(source, ComicNumber::ONE)?,
        built_in: decode_deck(built_in, ComicNumber::FIRST_BUILT_IN)?,
    })
}

/// `Some(None)` is a deck that is not there, `None` one that can't be read.
#[expect(clippy::option_option, reason = "no deck and no readable deck are two things")]
fn decode_deck(text: &str, first: ComicNumber) -> Option<Option<Deck>> {
    if text.is_empty() {
        return Some(None);
    }
    let mut numbers = text.split('-');
    let seed = u64::from_str_radix(numbers.next()?, 16).ok()?;
    let range = ComicRange::new(first, numbers.next()?.parse().ok()?)?;
    let position = numbers.next()?.parse().ok()?;
    let deck = Deck::resumed(seed, range, position)?;
    numbers.next().is_none().then_some(Some(deck))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn deck(first: ComicNumber, newest: u32, seed: u64, position: u32) -> Option<Deck> {
        Deck::resumed(seed, ComicRange::new(first, newest.try_into().ok()?)?, position)
    }

    proptest! {
        #[test]
        fn decks_come_back_as_they_went(
            seed: u64, newest in 1_u32..5_000, built_in in 1_000_001_u32..1_000_100, position in 0_u32..5_000,
        ) {
            let decks = Decks {
                source: deck(ComicNumber::ONE, newest, seed, position),
                built_in: deck(ComicNumber::FIRST_BUILT_IN, built_in, !seed, position % 7),
            };
            prop_assert_eq!(decode(&encode(&decks)), Some(decks));
        }

        #[test]
        fn any_text_is_decks_or_nothing(text in "\\PC{0,200}", near in "1[.][0-9a-f+-]{0,40}[.][0-9a-f-]{0,40}") {
            for text in [text, near] {
                if let Some(decks) = decode(&text) {
                    prop_assert_eq!(decode(&encode(&decks)), Some(decks));
                }
            }
        }
    }

    #[test]
    fn tampered_decks_are_ignored() {
        for value in [
            "",
            "1",
            "1.",
            "2..",
            "1..x",
            "1.1-404-0.",
            "1.1-12-13.",
            "1.1-12-1-1.",
            "1..1-12-1",
            "1...",
            "1.g-1-0.",
        ] {
            assert_eq!(decode(value), None, "{value}");
        }
        assert_eq!(decode("1.."), Some(Decks::default()));
    }
}
