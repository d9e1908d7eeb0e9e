//! An error and what caused it.

use std::error::Error;
use std::fmt;

/// The error, its cause, the cause of that …
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An error followed by its causes.
pub(super) struct Chain<'a>(pub(super) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for error in causes(self.0) {
            write!(formatter, "{separator}{error}")?;
            separator = ": ";
        }
        Ok(())
    }
}
