//! Secrets: their names may be said, their values not.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The name of a secret, such as `DATABASE_PASSWORD`: upper-case letters, digits and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SecretName(&'static str);

impl SecretName {
    /// A name known when the program was written.
    ///
    /// # Panics
    ///
    /// When the name has another form. Called in a `const`, that is an error of the compiler.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "a secret's name is not empty");
        let mut index = 0;
        while index < bytes.len() {
            assert!(
                matches!(bytes[index], b'A'..=b'Z' | b'0'..=b'9' | b'_'),
                "a secret's name is upper-case letters, digits and underscores"
            );
            index += 1;
        }
        Self(name)
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// The value of a secret: cleared from memory when dropped, and never shown by `Debug` or `Display`.
#[derive(Clone)]
pub struct SecretValue(SecretString);

impl SecretValue {
    /// Takes a value into keeping.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretValue(redacted)")
    }
}

impl fmt::Display for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("redacted")
    }
}

/// Secrets as a provider gave them.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<SecretName, SecretValue>);

impl Secrets {
    /// The value of a secret; `None` only for one that was asked for as optional.
    #[must_use]
    pub fn get(&self, name: &SecretName) -> Option<&SecretValue> {
        self.0.get(name)
    }
}

impl FromIterator<(SecretName, SecretValue)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (SecretName, SecretValue)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}
