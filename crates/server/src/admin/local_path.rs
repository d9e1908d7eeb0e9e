//! Where to go after signing in: only to paths of this site.

use std::fmt;

use super::HOME;

/// A path of this site, with its query. Whatever else was asked for is the admin site's first page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LocalPath(String);

impl LocalPath {
    /// Browsers drop line breaks and tabs from addresses, take backslashes for slashes, and two slashes for the
    /// beginning of a host: none of it is let through.
    pub(super) fn or_home(text: &str) -> Self {
        let is_path = text.starts_with('/') && !text.starts_with("//") && text.len() <= 2_000;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        Self(if is_path && is_plain { text } else { HOME }.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_of_this_site_are_gone_to() {
        for path in ["/", "/admin/comics/?q=a+b&after=1.2", "/353/", "/admin/history/#latest", "/a//b"] {
            assert_eq!(LocalPath::or_home(path).as_str(), path);
        }
    }

    #[test]
    fn everything_else_is_the_first_page() {
        for other in [
            "",
            "admin/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " /admin/",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/admin/\r\nSet-Cookie: a=b",
            "/\u{2f}\u{202e}",
            "/caf\u{e9}",
        ] {
            assert_eq!(LocalPath::or_home(other).as_str(), HOME, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_leads_to_another_host(text in "[/\\\\a-z:@.\t\n ]{0,40}") {
            let path = LocalPath::or_home(&text);
            prop_assert!(path.as_str().starts_with('/'));
            prop_assert!(!path.as_str()[1..].starts_with(['/', '\\']));
            prop_assert!(!path.as_str().contains(['\\', '\t', '\n', ' ']));
        }
    }
}
