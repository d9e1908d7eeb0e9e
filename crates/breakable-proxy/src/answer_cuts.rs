//! Which answers of the server never arrive.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Which answers are thrown away, and their connections cut: the server has done what it was asked, and the
/// client can't know.
///
/// An answer is what the server sends after the client has sent bytes; with TLS a handshake has several.
/// `spared` is how many answers of each connection get through in any case: with 0 handshakes are cut as well.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum AnswerCuts {
    /// None.
    #[default]
    Never,
    /// The next ones, then none.
    Next {
        /// How many, of all connections together.
        count: u64,
        /// How many of each connection's first answers get through and don't count.
        spared: u64,
    },
    /// A part of them, drawn by a generator that the seed determines: as often as answers come in the same
    /// order, the same ones are cut.
    Fraction {
        /// From 0 (none) to 1 (all).
        probability: f64,
        /// The generator's start.
        seed: u64,
        /// How many of each connection's first answers get through and draw nothing.
        spared: u64,
    },
}

/// Decides, one answer after the other.
pub(crate) struct AnswerDice {
    rule: AnswerCuts,
    random: StdRng,
}

impl AnswerDice {
    pub(crate) fn new(rule: AnswerCuts) -> Self {
        let seed = if let AnswerCuts::Fraction { seed, .. } = rule { seed } else { 0 };
        Self { rule, random: StdRng::seed_from_u64(seed) }
    }

    /// Whether the `nth` answer of a connection, counted from 1, is cut.
    pub(crate) fn cuts(&mut self, nth: u64) -> bool {
        match &mut self.rule {
            AnswerCuts::Next { count, spared } if nth > *spared && *count > 0 => {
                *count -= 1;
                true
            }
            AnswerCuts::Fraction { probability, spared, .. } if nth > *spared => {
                self.random.random_bool(probability.clamp(0.0, 1.0))
            }
            _ => false,
        }
    }
}

impl Default for AnswerDice {
    fn default() -> Self {
        Self::new(AnswerCuts::Never)
    }
}
