//! The path that an installation's parameters are under.

use std::fmt;
use std::str::FromStr;

/// The path that an installation's parameters are under, such as `/xkcdapp/test/`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ParameterPrefix(Box<str>);

impl ParameterPrefix {
    /// The path without a slash at its end, as IAM policies name it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }

    /// What a parameter directly under the path is called there; `None` when it is elsewhere.
    pub(crate) fn strip<'a>(&self, parameter: &'a str) -> Option<&'a str> {
        parameter.strip_prefix(&*self.0)?.strip_prefix('/')
    }
}

impl fmt::Display for ParameterPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/", self.0)
    }
}

/// The text is no such path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParameterPrefix {
    /// Parameter Store takes the name for another one without it.
    #[error("a parameter prefix begins with a slash, such as /xkcdapp/test/")]
    NoLeadingSlash,
    /// There is nothing between two slashes, or nothing at all.
    #[error("a parameter prefix has a name between each two slashes, such as /xkcdapp/test/")]
    EmptyName,
    /// Parameters can't be called so.
    #[error("a parameter prefix is of letters, digits, slashes and ._-")]
    Character,
}

impl FromStr for ParameterPrefix {
    type Err = InvalidParameterPrefix;

    /// A slash at the end may be left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.strip_prefix('/').ok_or(InvalidParameterPrefix::NoLeadingSlash)?;
        let names = names.strip_suffix('/').unwrap_or(names);
        if names.split('/').any(str::is_empty) {
            return Err(InvalidParameterPrefix::EmptyName);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        if !names.bytes().all(allowed) {
            return Err(InvalidParameterPrefix::Character);
        }
        Ok(Self(format!("/{names}").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        let prefix: ParameterPrefix = "/xkcdapp/test".parse().unwrap();

        assert_eq!("/xkcdapp/test/".parse(), Ok(prefix.clone()));
        assert_eq!(prefix.to_string(), "/xkcdapp/test/");
        assert_eq!(prefix.path(), "/xkcdapp/test");
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        use InvalidParameterPrefix as Invalid;
        for (text, wanted) in [
            ("", Invalid::NoLeadingSlash),
            ("xkcdapp/test/", Invalid::NoLeadingSlash),
            ("/", Invalid::EmptyName),
            ("//", Invalid::EmptyName),
            ("/xkcdapp//test/", Invalid::EmptyName),
            ("/xkcdapp/test//", Invalid::EmptyName),
            ("/xkcd app/", Invalid::Character),
            ("/xkcdäpp/", Invalid::Character),
        ] {
            assert_eq!(text.parse::<ParameterPrefix>(), Err(wanted), "{text:?}");
        }
    }

    #[test]
    fn only_what_is_under_the_path_has_a_name_there() {
        let prefix: ParameterPrefix = "/xkcdapp/test".parse().unwrap();

        assert_eq!(prefix.strip("/xkcdapp/test/SECRET_KEY"), Some("SECRET_KEY"));
        assert_eq!(prefix.strip("/xkcdapp/test2/SECRET_KEY"), None);
        assert_eq!(prefix.strip("/xkcdapp/testSECRET_KEY"), None);
    }
}
