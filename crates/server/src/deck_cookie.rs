//! The cookie that remembers a visitor's decks: a few numbers, no identity.
//!
//! Its form is `1.SOURCE.BUILT-IN`, each deck being empty or `seed-newest-position` with the seed in
//! hexadecimal. A cookie of another form is ignored: the visitor gets new decks.

use std::fmt::Write;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::HeaderValue;
use xkcd_domain::comic::{ComicNumber, ComicRange};
use xkcd_domain::deck::Deck;
use xkcd_domain::show_comic::Decks;

const NAME: &str = "xkcdapp_deck";
const FORM: &str = "1";
/// Room for two decks.
const LONGEST: usize = 80;
/// Browsers keep cookies for 400 days at most.
const KEPT: Duration = Duration::days(400);

/// The decks the visitor brings along.
#[must_use]
pub fn read(request: &HttpRequest) -> Decks {
    request.cookie(NAME).and_then(|cookie| decode(cookie.value())).unwrap_or_default()
}

/// Writes the cookie that brings the decks back.
#[derive(Debug)]
pub struct DeckCookie {
    /// What stands after the value, the same each time.
    attributes: String,
}

impl DeckCookie {
    /// A cookie for an app that browsers reach through TLS only, if it is `secure`.
    #[must_use]
    pub fn new(secure: bool) -> Self {
        let cookie = Cookie::build(NAME, "")
            .path("/")
            .max_age(KEPT)
            .same_site(SameSite::Lax)
            .http_only(true)
            .secure(secure)
            .finish();
        let written = cookie.to_string();
        Self { attributes: written.strip_prefix(NAME).unwrap_or_default().replacen('=', "", 1) }
    }

    /// The value of `Set-Cookie` for some decks.
    #[must_use]
    pub fn header(&self, decks: &Decks) -> HeaderValue {
        let mut header = String::with_capacity(NAME.len() + self.attributes.len() + LONGEST);
        header.extend([NAME, "="]);
        encode(decks, &mut header);
        header.push_str(&self.attributes);
        // Numbers and attributes always can be a header.
        HeaderValue::try_from(header).unwrap_or_else(|_| HeaderValue::from_static(NAME))
    }
}

fn encode(decks: &Decks, text: &mut String) {
    text.push_str(FORM);
    for deck in [&decks.source, &decks.built_in] {
        text.push('.');
        if let Some(deck) = deck {
            let (seed, newest, position) = (deck.seed(), deck.range().newest(), deck.position());
            // A String takes all that is written to it.
            let _ = write!(text, "{seed:x}-{newest}-{position}");
        }
    }
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

    fn encoded(decks: &Decks) -> String {
        let mut text = String::new();
        encode(decks, &mut text);
        text
    }

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
            prop_assert_eq!(decode(&encoded(&decks)), Some(decks));
        }

        #[test]
        fn any_text_is_decks_or_nothing(text in "\\PC{0,200}", near in "1[.][0-9a-f+-]{0,40}[.][0-9a-f-]{0,40}") {
            for text in [text, near] {
                if let Some(decks) = decode(&text) {
                    prop_assert_eq!(decode(&encoded(&decks)), Some(decks));
                }
            }
        }
    }

    #[test]
    fn a_browser_keeps_it_for_this_site_and_shows_it_to_no_script() {
        let decks = Decks { source: deck(ComicNumber::ONE, 12, 0xabc, 3), built_in: None };
        let header = |secure| DeckCookie::new(secure).header(&decks).to_str().unwrap().to_owned();
        let cookie = Cookie::parse(header(true)).unwrap();
        assert_eq!((cookie.name(), cookie.value()), (NAME, "1.abc-12-3."));
        assert_eq!((cookie.path(), cookie.max_age()), (Some("/"), Some(KEPT)));
        assert_eq!((cookie.same_site(), cookie.http_only()), (Some(SameSite::Lax), Some(true)));
        assert_eq!((cookie.secure(), cookie.domain()), (Some(true), None));
        assert_eq!(Cookie::parse(header(false)).unwrap().secure(), None);
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
