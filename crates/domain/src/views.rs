//! Views, and how they travel to the store: in numbered batches that count once.
//!
//! A view is one GET of a comic page that was answered 200: not HEAD, not a prefetch, not a health probe,
//! not a feed or an API read, not an error page. The server decides that at its edge; from here on a view is
//! a comic's number.
//!
//! A process is a *writer* with a random id. It numbers its batches from 1 and has one in flight. A batch
//! that was sent is frozen: it is sent again under the same number until its outcome is known, and the store
//! ignores a number it has seen. So a lost answer costs nothing, and nothing is counted twice.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::comic::ComicNumber;

/// How often a comic was viewed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ViewCount(u64);

impl ViewCount {
    /// The largest count: what a store's signed 64-bit column holds.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// The count as an integer.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A count that no store can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a count between 0 and {}", ViewCount::MAX)]
pub struct InvalidViewCount;

impl TryFrom<i64> for ViewCount {
    type Error = InvalidViewCount;

    fn try_from(count: i64) -> Result<Self, Self::Error> {
        u64::try_from(count).map(Self).map_err(|_| InvalidViewCount)
    }
}

impl TryFrom<u64> for ViewCount {
    type Error = InvalidViewCount;

    fn try_from(count: u64) -> Result<Self, Self::Error> {
        if count <= Self::MAX.0 { Ok(Self(count)) } else { Err(InvalidViewCount) }
    }
}

impl From<u32> for ViewCount {
    fn from(count: u32) -> Self {
        Self(count.into())
    }
}

impl fmt::Display for ViewCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The id of a process that counts views: 128 random bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WriterId(u128);

impl WriterId {
    /// A writer made from 128 random bits.
    #[must_use]
    pub const fn from_random(bits: u128) -> Self {
        Self(bits)
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl FromStr for WriterId {
    type Err = InvalidBatch;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self).ok_or(InvalidBatch::Writer)
    }
}

/// The number of a batch among those of its writer: 1, 2, 3 …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BatchNumber(u64);

impl BatchNumber {
    /// The number of a writer's first batch.
    pub const FIRST: Self = Self(1);

    /// The number as an integer: at least 1, at most `i64::MAX`.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of the batch after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl TryFrom<u64> for BatchNumber {
    type Error = InvalidBatch;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        if (1..=ViewCount::MAX.0).contains(&number) { Ok(Self(number)) } else { Err(InvalidBatch::Number) }
    }
}

impl fmt::Display for BatchNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Views of up to [`ViewBatch::MAX_COMICS`] comics, each listed once, in ascending order: two batches in two
/// transactions lock their rows in the same order and so never deadlock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewBatch {
    writer: WriterId,
    number: BatchNumber,
    views: Vec<(ComicNumber, u32)>,
}

impl ViewBatch {
    /// How many comics a batch holds at most.
    pub const MAX_COMICS: usize = 500;

    /// A batch of the given views.
    ///
    /// # Errors
    ///
    /// [`InvalidBatch::Views`] when there are no views, views of more than [`Self::MAX_COMICS`] comics, or a
    /// comic with zero views.
    pub fn new(
        writer: WriterId,
        number: BatchNumber,
        views: BTreeMap<ComicNumber, u32>,
    ) -> Result<Self, InvalidBatch> {
        let fits = (1..=Self::MAX_COMICS).contains(&views.len()) && views.values().all(|count| *count > 0);
        if !fits {
            return Err(InvalidBatch::Views);
        }
        Ok(Self { writer, number, views: views.into_iter().collect() })
    }

    /// Who counted the views.
    #[must_use]
    pub const fn writer(&self) -> WriterId {
        self.writer
    }

    /// Which of the writer's batches it is.
    #[must_use]
    pub const fn number(&self) -> BatchNumber {
        self.number
    }

    /// Each comic once, in ascending order, with how many views to add: at least one.
    #[must_use]
    pub fn views(&self) -> &[(ComicNumber, u32)] {
        &self.views
    }

    /// All views in it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.views.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// What makes a batch unfit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBatch {
    /// The writer's id is not 32 hexadecimal digits.
    #[error("a writer is 32 hexadecimal digits")]
    Writer,
    /// The number is zero or too large.
    #[error("a batch's number is at least 1")]
    Number,
    /// No views, too many comics, or a comic listed without a view.
    #[error("a batch holds 1 to 500 comics with at least one view each")]
    Views,
}
