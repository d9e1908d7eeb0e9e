//! A document of xkcd.com (`/N/info.0.json`) as a [`Comic`].
//!
//! Everything in a document is untrusted text. The rules come from a look at all documents, 1 to 3282.

mod plain_text;

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;
use time::{Date, Month};
use xkcd_domain::comic::{Comic, ComicNumber, ImageUrl, LinkUrl};
use xkcd_domain::text;

/// The address of comics that are drawn by a script: a folder instead of an image.
const NO_SINGLE_IMAGE: &str = "https://imgs.xkcd.com/comics/";
/// The largest number that is believed: at three comics a week xkcd.com gets there in about a century. A
/// document with a larger one would make everybody walk through comics that don't exist.
const LARGEST_PLAUSIBLE: u32 = 20_000;
/// Years that every store and format of dates knows. Another one comes from a document that is broken or means harm.
const PLAUSIBLE_YEARS: RangeInclusive<i32> = 1..=9999;
/// Transcripts that belong to their comic. Later ones are those of earlier comics.
const TRANSCRIBED: RangeInclusive<u32> = 1..=1608;
/// The one comic in [`TRANSCRIBED`] that has another one's transcript.
const WRONGLY_TRANSCRIBED: u32 = 581;

/// What the app reads of a document. Only the first three keys have to be there and of the right type.
#[derive(Deserialize)]
struct Document {
    num: i64,
    title: String,
    img: String,
    #[serde(default)]
    alt: Value,
    #[serde(default)]
    transcript: Value,
    #[serde(default)]
    link: Value,
    #[serde(default)]
    year: Value,
    #[serde(default)]
    month: Value,
    #[serde(default)]
    day: Value,
    #[serde(default)]
    extra_parts: Value,
}

/// Why a document is no comic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is not JSON, or has no `num`, `title` and `img` of the right types. The parser's own words are left
    /// out: they may quote the document.
    #[error("the document is not that of a comic, seen at line {line}, column {column}")]
    Malformed {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// Its number is not one that xkcd.com gives to comics.
    #[error("the document has the number {0}, which is not one of xkcd.com")]
    NotANumber(i64),
    /// It is the document of another comic.
    #[error("the document is that of comic {found}, not of {expected}")]
    OtherComic {
        /// The number asked for.
        expected: ComicNumber,
        /// The number in the document.
        found: ComicNumber,
    },
}

/// Reads a document: JSON in UTF-8, unknown keys ignored. `expected` is the number that was asked for, if
/// one was.
///
/// ```
/// use xkcd_adapters_xkcd::document;
///
/// let body = br#"{"num": 7, "title": "A Title", "img": "https://imgs.xkcd.com/comics/a.png", "alt": "Hm "}"#;
/// let comic = document::parse(None, body)?;
/// assert_eq!(comic.title, "A Title");
/// assert_eq!(comic.caption.as_deref(), Some("Hm"));
/// # Ok::<(), document::DocumentError>(())
/// ```
///
/// # Errors
///
/// When it is not the document of a comic, or not of the expected one.
pub fn parse(expected: Option<ComicNumber>, body: &[u8]) -> Result<Comic, DocumentError> {
    let document: Document = serde_json::from_slice(body).map_err(|it| malformed(&it))?;
    let number = ComicNumber::try_from(document.num)
        .ok()
        .filter(|it| it.get() <= LARGEST_PLAUSIBLE)
        .ok_or(DocumentError::NotANumber(document.num))?;
    match expected {
        Some(expected) if expected != number => Err(DocumentError::OtherComic { expected, found: number }),
        _ => Ok(document.into_comic(number)),
    }
}

fn malformed(error: &serde_json::Error) -> DocumentError {
    DocumentError::Malformed { line: error.line(), column: error.column() }
}

impl Document {
    fn into_comic(self, number: ComicNumber) -> Comic {
        Comic {
            number,
            title: title(&self.title, number),
            caption: self.alt.as_str().map(one_line).filter(|it| !it.is_empty()),
            transcript: self.transcript.as_str().and_then(|it| transcript(it, number)),
            image: ImageUrl::from_str(self.img.trim()).ok().filter(|it| !it.is_local()),
            link: self.link.as_str().and_then(|it| LinkUrl::from_str(it.trim()).ok()),
            interactive: !self.extra_parts.is_null() || self.img.trim() == NO_SINGLE_IMAGE,
            published: self.published(),
        }
    }

    fn published(&self) -> Option<Date> {
        let month = Month::try_from(integer::<u8>(&self.month)?).ok()?;
        let year = integer(&self.year).filter(|it| PLAUSIBLE_YEARS.contains(it))?;
        Date::from_calendar_date(year, month, integer(&self.day)?).ok()
    }
}

/// The documents write integers as text, without leading zeros; numbers would be fine as well.
fn integer<N: FromStr + TryFrom<i64>>(value: &Value) -> Option<N> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        _ => value.as_i64()?.try_into().ok(),
    }
}

/// Titles alone are markup on xkcd.com: a reader sees `Clich&eacute;d` as "Clichéd".
fn title(markup: &str, number: ComicNumber) -> String {
    let title = one_line(&plain_text::of_markup(markup));
    if title.is_empty() { format!("#{number}") } else { title }
}

fn transcript(text: &str, number: ComicNumber) -> Option<String> {
    let honest = TRANSCRIBED.contains(&number.get()) && number.get() != WRONGLY_TRANSCRIBED;
    let transcript = || fit(text, |it| it == '\n');
    honest.then(transcript).filter(|it| !it.is_empty())
}

fn one_line(text: &str) -> String {
    // A line break separates words as a space does.
    fit(&text.replace("\r\n", " ").replace(['\n', '\r', '\t'], " "), |_| false)
}

/// Trimmed, and without what no page can hold. Mojibake stays as it is: some is there on purpose.
fn fit(text: &str, kept: impl Fn(char) -> bool) -> String {
    let visible: String = text.chars().filter(|it| text::is_fit(*it) || kept(*it)).collect();
    visible.trim().to_owned()
}
