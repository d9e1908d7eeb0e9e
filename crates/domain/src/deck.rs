//! A shuffled deck of all comics: a random walk over a range that never shows a comic twice.
//!
//! A deck is three numbers (seed, range, position), small enough for a cookie. The order is a keyed
//! permutation, computed and not stored: a balanced Feistel network over the next power of four, with
//! cycle walking back into the range (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
//! It shuffles; it keeps no secret.

use crate::comic::{ComicNumber, ComicRange};

/// A shuffled deck, and how far it has been dealt.
///
/// ```
/// use xkcd_domain::comic::{ComicNumber, ComicRange};
/// use xkcd_domain::deck::Deck;
///
/// let newest = ComicNumber::try_from(12_u32).unwrap();
/// let mut deck = Deck::shuffled(7, ComicRange::new(ComicNumber::ONE, newest).unwrap());
/// let mut dealt: Vec<_> = std::iter::from_fn(|| deck.deal()).collect();
/// dealt.sort();
/// assert_eq!(dealt.len(), 12);
/// assert_eq!(dealt.last(), Some(&newest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deck {
    seed: u64,
    range: ComicRange,
    position: u32,
}

impl Deck {
    /// A deck of which nothing has been dealt yet. Equal seeds give equal orders.
    #[must_use]
    pub const fn shuffled(seed: u64, range: ComicRange) -> Self {
        Self { seed, range, position: 0 }
    }

    /// A deck that was dealt to `position`, or `None` when it has not that many comics.
    #[must_use]
    pub const fn resumed(seed: u64, range: ComicRange, position: u32) -> Option<Self> {
        if position <= range.len() { Some(Self { seed, range, position }) } else { None }
    }

    /// A new deck for the holder of this one, whose first comic is not the one dealt last (where there is
    /// more than one comic).
    #[must_use]
    pub fn reshuffled(&self, seed: u64, range: ComicRange) -> Self {
        let last = self.position.checked_sub(1).and_then(|position| self.at(position));
        // Each seed fails with a chance of one in the deck's size: 64 are enough even for two comics.
        (0..64)
            .map(|attempt| Self::shuffled(seed.wrapping_add(attempt), range))
            .find(|deck| deck.at(0) != last)
            .unwrap_or(Self::shuffled(seed, range))
    }

    /// The seed that decides the order.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The comics in it.
    #[must_use]
    pub const fn range(&self) -> ComicRange {
        self.range
    }

    /// How many comics have been dealt or passed over.
    #[must_use]
    pub const fn position(&self) -> u32 {
        self.position
    }

    /// Deals the next comic; `None` when the deck is at its end.
    pub fn deal(&mut self) -> Option<ComicNumber> {
        let next = self.at(self.position)?;
        self.position += 1;
        Some(next)
    }

    /// The comic at a position.
    fn at(&self, position: u32) -> Option<ComicNumber> {
        let size = self.range.len();
        if position >= size {
            return None;
        }
        let half_bits = size.next_power_of_two().trailing_zeros().div_ceil(2).max(1);
        let mut index = position;
        // The network permutes 4^half_bits values; walking its cycle from a value below `size` comes back
        // below `size`, at the latest to where it began.
        loop {
            index = self.permute(index, half_bits);
            if index < size {
                return self.range.nth(index);
            }
        }
    }

    fn permute(&self, value: u32, half_bits: u32) -> u32 {
        let mask = (1_u32 << half_bits) - 1;
        let (mut left, mut right) = (value >> half_bits, value & mask);
        for round in 0..ROUNDS {
            #[expect(clippy::cast_possible_truncation, reason = "only the low bits are wanted")]
            let mixed = mix(self.seed ^ mix(round << 32 | u64::from(right))) as u32;
            (left, right) = (right, left ^ (mixed & mask));
        }
        left << half_bits | right
    }
}

/// Four rounds make a Feistel network a pseudorandom permutation (Luby and Rackoff, 1988); the halves of a
/// small deck are a few bits only, where some more rounds even the odds.
const ROUNDS: u64 = 8;

/// The finaliser of `SplitMix64` (Steele, Lea and Flood, 2014).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
