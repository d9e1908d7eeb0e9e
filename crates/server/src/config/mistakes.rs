//! Mistakes in the configuration, gathered so that all are told at once.

use std::fmt;

/// What is wrong with the settings: at least one line, each naming the setting and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// Notes a mistake in a setting.
    pub fn add(&mut self, setting: &str, what: impl fmt::Display) {
        self.0.push(format!("{setting}: {what}"));
    }

    /// Takes in others.
    pub fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "mistake" } else { "mistakes" };
        write!(formatter, "{} {noun} in the configuration", self.0.len())?;
        self.0.iter().try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}

impl std::error::Error for Mistakes {}
