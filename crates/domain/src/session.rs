//! Sessions of signed-in admins. A browser holds the id; stores hold only its hash.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::account::{SessionEpoch, Username};

/// What a browser presents: 256 random bits. Never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// An id made from 256 random bits, or read back from a cookie.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bits, for the cookie alone.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the stores know the session by.
    #[must_use]
    pub fn key(&self) -> SessionKey {
        SessionKey(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionId(redacted)")
    }
}

/// The SHA-256 of a session's id: a store that leaks gives nobody a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SessionKey([u8; 32]);

impl fmt::Display for SessionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// A token that forms of a session carry: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken([u8; 32]);

impl CsrfToken {
    /// A token made from 256 random bits, or read back from a form or a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bits, for the form and the store alone.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CsrfToken(redacted)")
    }
}

/// Who is signed in, and since when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The account.
    pub username: Username,
    /// The account's epoch at sign-in: the session is valid only while the account still has it.
    pub epoch: SessionEpoch,
    /// When the password was given, UTC.
    pub signed_in_at: OffsetDateTime,
    /// What the session's forms carry.
    pub csrf_token: CsrfToken,
}

/// How long a session lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionPolicy {
    /// Without a request.
    pub idle: Duration,
    /// From sign-in, whatever happens.
    pub absolute: Duration,
}

impl Session {
    /// For how long a store should keep the session from `now` on; `None` when it is over.
    ///
    /// A clock that is set back neither ends a session nor makes it immortal: one that seems to begin in the
    /// future is taken for a new one, but not by more than it may last. So it lasts twice as long at most.
    #[must_use]
    pub fn time_to_live(&self, policy: SessionPolicy, now: OffsetDateTime) -> Option<Duration> {
        let age = now - self.signed_in_at;
        if age.is_negative() && age.unsigned_abs() > policy.absolute {
            return None;
        }
        let age = Duration::try_from(age).unwrap_or_default();
        let left = policy.absolute.checked_sub(age)?;
        (!left.is_zero()).then(|| left.min(policy.idle))
    }
}
