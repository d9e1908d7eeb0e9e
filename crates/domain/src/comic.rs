//! Comics and their numbers: parsed once at the edge, then trusted.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use time::{Date, OffsetDateTime};

/// The number of a comic: `1..=2_147_483_647`, never 404.
///
/// xkcd.com has no comic #404 (the address answers "404 Not Found", which is the joke), so a value of this
/// type is never that number. The upper bound is that of PostgreSQL's `integer`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ComicNumber(NonZeroU32);

impl ComicNumber {
    /// The first comic of xkcd.com.
    pub const ONE: Self = Self(NonZeroU32::MIN);
    /// The first number of the built-in comics, far above any number xkcd.com will reach.
    pub const FIRST_BUILT_IN: Self = match NonZeroU32::new(1_000_001) {
        Some(number) => Self(number),
        None => Self::ONE,
    };
    /// The number that is not a comic.
    const NOT_A_COMIC: u32 = 404;
    /// The largest number there can be.
    const LARGEST: u32 = i32::MAX as u32;

    /// The number as an integer.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Whether the number belongs to the comics that come with the app.
    #[must_use]
    pub const fn is_built_in(self) -> bool {
        self.get() >= Self::FIRST_BUILT_IN.get()
    }
}

/// There is no comic of that number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not the number of a comic")]
pub struct InvalidComicNumber;

impl TryFrom<u32> for ComicNumber {
    type Error = InvalidComicNumber;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        match NonZeroU32::new(number) {
            Some(it) if number != Self::NOT_A_COMIC && number <= Self::LARGEST => Ok(Self(it)),
            _ => Err(InvalidComicNumber),
        }
    }
}

impl TryFrom<i64> for ComicNumber {
    type Error = InvalidComicNumber;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        u32::try_from(number).map_err(|_| InvalidComicNumber)?.try_into()
    }
}

/// Reads the canonical decimal form only: no sign, no leading zero, no space.
impl FromStr for ComicNumber {
    type Err = InvalidComicNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        if !canonical {
            return Err(InvalidComicNumber);
        }
        text.parse::<u32>().map_err(|_| InvalidComicNumber)?.try_into()
    }
}

impl fmt::Display for ComicNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// All comics of a source: every number from `first` to `newest`, both included, without 404.
///
/// ```
/// use xkcd_domain::comic::{ComicNumber, ComicRange};
///
/// let comic = |number: u32| ComicNumber::try_from(number).unwrap();
/// let range = ComicRange::new(comic(1), comic(405)).unwrap();
/// assert_eq!(range.len(), 404);
/// assert_eq!(range.next(comic(403)), Some(comic(405)));
/// assert_eq!(range.next(comic(405)), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ComicRange {
    first: ComicNumber,
    newest: ComicNumber,
}

impl ComicRange {
    /// A range, or `None` when `newest` is below `first`.
    #[must_use]
    pub fn new(first: ComicNumber, newest: ComicNumber) -> Option<Self> {
        (first <= newest).then_some(Self { first, newest })
    }

    /// The lowest number.
    #[must_use]
    pub const fn first(self) -> ComicNumber {
        self.first
    }

    /// The highest number.
    #[must_use]
    pub const fn newest(self) -> ComicNumber {
        self.newest
    }

    /// How many comics there are: at least one.
    #[expect(clippy::len_without_is_empty, reason = "a range holds at least one comic")]
    #[must_use]
    pub const fn len(self) -> u32 {
        let numbers = self.newest.get() - self.first.get() + 1;
        if self.holds_404() { numbers - 1 } else { numbers }
    }

    /// Whether `number` is one of the range's comics.
    #[must_use]
    pub fn contains(self, number: ComicNumber) -> bool {
        (self.first..=self.newest).contains(&number)
    }

    /// The comic at `index`, counted from 0 in ascending order.
    #[must_use]
    pub fn nth(self, index: u32) -> Option<ComicNumber> {
        if index >= self.len() {
            return None;
        }
        let number = self.first.get() + index;
        let skipped = u32::from(self.holds_404() && number >= ComicNumber::NOT_A_COMIC);
        (number + skipped).try_into().ok()
    }

    /// The comic before `number`, which need not be a comic itself (404 may ask for its neighbours).
    #[must_use]
    pub fn previous(self, number: impl Into<u32>) -> Option<ComicNumber> {
        let below = number.into().min(self.newest.get() + 1).checked_sub(1)?;
        let candidate = if below == ComicNumber::NOT_A_COMIC { below - 1 } else { below };
        candidate.try_into().ok().filter(|it| self.contains(*it))
    }

    /// The comic after `number`, which need not be a comic itself (404 may ask for its neighbours).
    #[must_use]
    pub fn next(self, number: impl Into<u32>) -> Option<ComicNumber> {
        let above = number.into().checked_add(1)?.max(self.first.get());
        let candidate = if above == ComicNumber::NOT_A_COMIC { above + 1 } else { above };
        candidate.try_into().ok().filter(|it| self.contains(*it))
    }

    const fn holds_404(self) -> bool {
        self.first.get() < ComicNumber::NOT_A_COMIC && ComicNumber::NOT_A_COMIC < self.newest.get()
    }
}

impl From<ComicNumber> for u32 {
    fn from(number: ComicNumber) -> Self {
        number.get()
    }
}

/// The address of a comic's image: `https://imgs.xkcd.com/…`, or an absolute path on the app's own host.
///
/// Nothing else may end up in an `<img>`: a page loads images from these two places only.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ImageUrl(Box<str>);

impl ImageUrl {
    const HOST: &str = "https://imgs.xkcd.com/";

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the image is on the app's own host, so that the address is a path.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0.starts_with('/')
    }
}

impl FromStr for ImageUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = match text.strip_prefix(Self::HOST) {
            Some(path) => path,
            None => text.strip_prefix('/').filter(|rest| !rest.starts_with(['/', '\\'])).ok_or(InvalidUrl)?,
        };
        // An address that ends in a slash names a folder, not an image.
        let names_a_file = !path.is_empty() && !path.ends_with('/');
        if names_a_file && is_plain_url(text) { Ok(Self(text.into())) } else { Err(InvalidUrl) }
    }
}

/// Where a comic leads when it is clicked: an absolute http or https address.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LinkUrl(Box<str>);

impl LinkUrl {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the address is that of an image, judged by how its path ends.
    #[must_use]
    pub fn is_image(&self) -> bool {
        let address = self.0.split(['?', '#']).next().unwrap_or_default();
        // "https:", "", the host, and then the path.
        let Some((_, ending)) = address.splitn(4, '/').nth(3).and_then(|path| path.rsplit_once('.')) else {
            return false;
        };
        ["png", "jpg", "jpeg", "gif", "webp", "svg"].iter().any(|it| ending.eq_ignore_ascii_case(it))
    }
}

/// A protocol-relative address becomes https; one of another scheme is refused.
impl FromStr for LinkUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let absolute = if text.starts_with("//") { format!("https:{text}") } else { text.to_owned() };
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| absolute.get(..scheme.len()).filter(|it| it.eq_ignore_ascii_case(scheme)))
            .and_then(|scheme| absolute.get(scheme.len()..))
            .ok_or(InvalidUrl)?;
        let names_a_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
        if names_a_host && is_plain_url(&absolute) { Ok(Self(absolute.into())) } else { Err(InvalidUrl) }
    }
}

/// Only characters that a URL may hold (RFC 3986, section 2), and no user information.
fn is_plain_url(text: &str) -> bool {
    let authority =
        text.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    text.len() <= 2_000
        && !authority.contains('@')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte))
}

/// The text is not an address that the app will follow or show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an address that may be shown")]
pub struct InvalidUrl;

/// A comic as it is shown. All text is plain text: what looks like markup is to be escaped, not rendered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comic {
    /// Its number.
    pub number: ComicNumber,
    /// Its title, never empty.
    pub title: String,
    /// The text that xkcd.com shows when the pointer rests on the image.
    pub caption: Option<String>,
    /// What is drawn and said in it, where an honest text is known.
    pub transcript: Option<String>,
    /// The image; `None` for a comic that is no single image.
    pub image: Option<ImageUrl>,
    /// Where the comic leads when it is clicked.
    pub link: Option<LinkUrl>,
    /// Whether it is more than an image: to be seen on xkcd.com.
    pub interactive: bool,
    /// The day it came out, of the years 1 to 9999: all that stores and formats of dates have in common.
    pub published: Option<Date>,
}

/// A comic and what is known of its age.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sourced {
    /// The comic.
    pub comic: Arc<Comic>,
    /// When its document was fetched, UTC; `None` for a comic that comes with the app.
    pub fetched_at: Option<OffsetDateTime>,
    /// Whether the document is older than it should be, because a fresh one could not be had.
    pub stale: bool,
}
