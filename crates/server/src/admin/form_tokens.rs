//! Tokens of forms that are sent before anybody is signed in: signed, so that nothing need be stored for those
//! who only look.
//!
//! The browser holds the token in a cookie and in the form; a page of another site can send neither. It is
//! 16 random bytes, the second it was made at, and the HMAC-SHA-256 of both, in base64url.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

/// Keeps a signature from being taken for one of another purpose.
const PURPOSE: &[u8] = b"xkcdapp form token 1";
const RANDOM_BYTES: usize = 16;
const SIGNED_BYTES: usize = RANDOM_BYTES + 8;
/// For how long a form that was opened can be sent.
const FRESH: Duration = Duration::from_hours(12);
/// By how much the clocks of two instances may differ.
const CLOCKS_DIFFER_BY: Duration = Duration::from_mins(5);

/// Makes and checks them.
pub(super) struct FormTokens {
    mac: Hmac<Sha256>,
}

impl FormTokens {
    pub(super) fn new(key: &str) -> Self {
        // A key of a block's length, which can't be of the wrong one.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..32].copy_from_slice(&Sha256::digest(key));
        Self { mac: Hmac::new(&block).chain_update(PURPOSE) }
    }

    pub(super) fn make(&self, now: OffsetDateTime) -> String {
        let mut bytes = Vec::with_capacity(SIGNED_BYTES + 32);
        bytes.extend(rand::random::<[u8; RANDOM_BYTES]>());
        bytes.extend(now.unix_timestamp().to_be_bytes());
        let signature = self.mac.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a token was made here, and not too long ago.
    pub(super) fn is_fresh(&self, token: &str, now: OffsetDateTime) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((signed, signature)) = bytes.split_at_checked(SIGNED_BYTES) else { return false };
        if self.mac.clone().chain_update(signed).verify_slice(signature).is_err() {
            return false;
        }
        let made_at = signed.last_chunk().map(|bytes| i64::from_be_bytes(*bytes));
        made_at.is_some_and(|made_at| {
            let age = now.unix_timestamp().saturating_sub(made_at);
            age <= seconds(FRESH) && age >= -seconds(CLOCKS_DIFFER_BY)
        })
    }
}

fn seconds(period: Duration) -> i64 {
    i64::try_from(period.as_secs()).unwrap_or(i64::MAX)
}

/// A token as a page holds it: random bytes, and the token's combined with them. It is another one in each page:
/// the length of a compressed page, beside what somebody had it repeat, tells nothing of the token (BREACH).
pub(super) fn mask(token: &[u8]) -> String {
    let pad: Vec<u8> = token.iter().map(|_| rand::random()).collect();
    let masked: Vec<u8> = pad.iter().zip(token).map(|(pad, byte)| pad ^ byte).collect();
    URL_SAFE_NO_PAD.encode([pad, masked].concat())
}

/// Whether a form holds a token, in a time that does not tell where they differ.
pub(super) fn holds(sent: &str, token: &[u8]) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(sent) else { return false };
    let (pad, masked) = bytes.split_at(bytes.len() / 2);
    let sent: Vec<u8> = pad.iter().zip(masked).map(|(pad, byte)| pad ^ byte).collect();
    bytes.len() == 2 * token.len() && bool::from(sent.as_slice().ct_eq(token))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_is_a_token(text in "\\PC{0,120}", near in "[A-Za-z0-9_-]{72,88}", token: [u8; 32]) {
            let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
            for text in [text, near] {
                prop_assert!(!FormTokens::new("a key").is_fresh(&text, now));
                prop_assert!(!holds(&text, &token));
            }
            prop_assert!(holds(&mask(&token), &token));
        }
    }

    #[test]
    fn a_token_is_good_for_half_a_day_and_for_its_key_alone() {
        let tokens = FormTokens::new("a key");
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let token = tokens.make(now);
        assert_ne!(token, tokens.make(now));
        assert!(tokens.is_fresh(&token, now) && tokens.is_fresh(&token, now + FRESH));
        assert!(!tokens.is_fresh(&token, now + FRESH + Duration::from_secs(1)));
        assert!(!tokens.is_fresh(&token, now - CLOCKS_DIFFER_BY - Duration::from_secs(1)));
        assert!(!FormTokens::new("another key").is_fresh(&token, now));
    }

    #[test]
    fn a_mask_is_another_one_each_time_and_holds_its_token_alone() {
        let token = b"a token of the session";
        let sent = mask(token);
        assert_ne!(sent, mask(token));
        assert!(holds(&sent, token) && holds(&mask(token), token));
        let bare = URL_SAFE_NO_PAD.encode(token);
        for other in
            ["", "A", &sent[1..], &sent[4..], &format!("{sent}AA"), &bare, &bare.repeat(2), "not base64!"]
        {
            assert!(!holds(other, token), "{other}");
        }
        assert!(
            !holds(&mask(b"a token of another one"), token)
                && !holds(&sent, b"")
                && !holds(&sent, &token[1..])
        );
    }

    #[test]
    fn a_token_that_was_touched_is_none() {
        let tokens = FormTokens::new("a key");
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let token = tokens.make(now);
        for index in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[index] = if other[index] == b'A' { b'B' } else { b'A' };
            assert!(!tokens.is_fresh(std::str::from_utf8(&other).unwrap(), now), "{index}");
        }
        for short in ["", "A", &token[..token.len() - 4], &token[..30], "not base64!"] {
            assert!(!tokens.is_fresh(short, now), "{short}");
        }
    }
}
