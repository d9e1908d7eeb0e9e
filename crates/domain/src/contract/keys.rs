//! Keys that no other check uses, made from one seed.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::account::Username;
use crate::comic::ComicNumber;
use crate::deck::mix;
use crate::session::{SessionId, SessionKey};
use crate::views::WriterId;

/// A stream of random keys.
pub(super) struct Keys(u64);

impl Keys {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(mix(self.0))
    }

    /// A comic far above those that anybody counts, below the largest number by a good deal.
    pub(super) fn comic(&mut self) -> ComicNumber {
        let number = 1_100_000_000 + self.bits() % 1_000_000_000;
        u32::try_from(number).ok().and_then(|it| it.try_into().ok()).unwrap_or(ComicNumber::FIRST_BUILT_IN)
    }

    /// Different comics in ascending order.
    pub(super) fn comics<const N: usize>(&mut self) -> [ComicNumber; N] {
        let comics: Vec<_> = self.many_comics(N);
        std::array::from_fn(|index| comics[index])
    }

    /// Different comics in ascending order.
    pub(super) fn many_comics(&mut self, count: usize) -> Vec<ComicNumber> {
        let mut comics = BTreeSet::new();
        while comics.len() < count {
            comics.insert(self.comic());
        }
        comics.into_iter().collect()
    }

    pub(super) fn writer(&mut self) -> WriterId {
        WriterId::from_random(u128::from(self.bits()) << 64 | u128::from(self.bits()))
    }

    /// A name that begins with `prefix`.
    pub(super) fn username(&mut self, prefix: &str) -> Username {
        let name = format!("{prefix}{:016x}", self.bits());
        #[expect(clippy::expect_used, reason = "a prefix of a check and hexadecimal digits are a username")]
        name.parse().expect("a username")
    }

    pub(super) fn bytes(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.bits().to_le_bytes()[0])
    }

    pub(super) fn session(&mut self) -> SessionKey {
        SessionId::from_bytes(self.bytes()).key()
    }

    /// An address of the older kind.
    pub(super) fn old_address(&mut self) -> IpAddr {
        let [_, b, c, d, ..] = self.bits().to_le_bytes();
        IpAddr::V4(Ipv4Addr::new(10, b, c, d))
    }

    /// An address in a network of its own (RFC 4193).
    pub(super) fn address(&mut self) -> IpAddr {
        let network = 0xfd << 56 | self.bits() >> 8;
        IpAddr::V6(Ipv6Addr::from_bits(u128::from(network) << 64 | 1))
    }
}
