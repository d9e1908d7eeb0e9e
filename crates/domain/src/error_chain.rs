//! An error with everything that caused it, as it is logged.

use std::error::Error;
use std::fmt;

/// An error followed by its causes: `the store can't be reached: connection refused`.
///
/// ```
/// use xkcd_domain::error_chain::Chain;
/// use xkcd_domain::ports::view_counter::ViewCounterError;
///
/// let error = ViewCounterError::Unavailable("connection refused".into());
/// assert_eq!(Chain(&error).to_string(), "the view store can't be reached: connection refused");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
