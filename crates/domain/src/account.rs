//! Accounts of the admin site.

use std::fmt;
use std::str::FromStr;

/// The name an admin signs in with: 1 to 150 letters, digits and `@.+-_`, as in Django.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Username(Box<str>);

impl Username {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text is no username.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a username is 1 to 150 ASCII letters, digits and @.+-_")]
pub struct InvalidUsername;

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"@.+-_".contains(&byte);
        if (1..=150).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidUsername)
        }
    }
}

/// What an account may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Everything.
    Superuser,
    /// Look, change nothing.
    Viewer,
}

impl Role {
    /// The role as stores and command lines write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superuser => "superuser",
            Self::Viewer => "viewer",
        }
    }
}

/// The text is no role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a role is superuser or viewer")]
pub struct InvalidRole;

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Superuser, Self::Viewer].into_iter().find(|role| role.as_str() == text).ok_or(InvalidRole)
    }
}

/// Raised by whatever must end an account's sessions; a session of another epoch is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SessionEpoch(pub i64);

/// A password's argon2id hash in PHC form. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Takes a hash in PHC form.
    #[must_use]
    pub fn new(phc: &str) -> Self {
        Self(phc.into())
    }

    /// The hash, for verifying and storing alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(redacted)")
    }
}

/// An account of the admin site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its name.
    pub username: Username,
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in.
    pub active: bool,
    /// The hash of its password.
    pub password_hash: PasswordHash,
    /// The epoch its sessions must have.
    pub epoch: SessionEpoch,
}

impl Account {
    /// Whether the account can do everything now: the last such account can't be demoted or deactivated.
    #[must_use]
    pub fn is_active_superuser(&self) -> bool {
        self.active && self.role == Role::Superuser
    }
}
