//! Headers that tell browsers to be strict, on every answer.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::config::PublicUrl;

/// Everything from here but images, which come from here or from xkcd's image host.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' https://imgs.xkcd.com; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

const ALWAYS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not `no-referrer`: forms of the site would come without an origin to check.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Two years; without sub-domains, which are not this app's to speak for.
const BEHIND_TLS: (&str, &str) = ("strict-transport-security", "max-age=63072000");

/// The headers, made once.
#[derive(Clone, Debug)]
pub struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    /// The headers for an app that browsers reach under a URL.
    #[must_use]
    pub fn new(public_url: &PublicUrl) -> Self {
        let behind_tls = public_url.is_https().then_some(&BEHIND_TLS);
        let headers = ALWAYS.iter().chain(behind_tls);
        Self(
            headers
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect(),
        )
    }

    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_to_stay_with_tls_only_where_there_is_tls() {
        let names = |url: &str| {
            let headers = SecurityHeaders::new(&url.parse().unwrap());
            headers.0.iter().any(|(name, _)| name == BEHIND_TLS.0)
        };
        assert!(names("https://xkcd.example.org"));
        assert!(!names("http://localhost:8000"));
    }
}
