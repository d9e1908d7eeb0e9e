//! Whether a form comes from a page of this site: what browsers say of it, where they say it.

use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::http::uri::Authority;

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether nothing speaks against it. Old browsers and programs say nothing; the form's token decides then.
///
/// `Origin` is held against the host that the request itself was for, which the edge has allowed.
pub(super) fn is_own(headers: &HeaderMap, is_https: bool) -> bool {
    let fetch_site = headers.get_all(FETCH_SITE).all(|site| site == "same-origin" || site == "none");
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = headers.get_all(ORIGIN).all(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        origin.is_some_and(|origin| {
            // Behind TLS a page that came without it could be anybody's.
            let scheme = origin.scheme_str() == Some("https") || !is_https;
            let authority = origin.authority().map(Authority::as_str);
            scheme && authority.zip(host).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        })
    });
    fetch_site && origin
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn is_own(said: &[(&'static str, &'static str)], is_https: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("xkcd.example.org:8443"));
        for (name, value) in said {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        super::is_own(&headers, is_https)
    }

    #[test]
    fn a_form_of_this_site_or_of_somebody_who_says_nothing_is_own() {
        for said in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://xkcd.example.org:8443")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://XKCD.example.org:8443")],
        ] {
            assert!(is_own(said, true), "{said:?}");
        }
        assert!(is_own(&[("origin", "http://xkcd.example.org:8443")], false));
    }

    #[test]
    fn a_form_of_another_site_is_not() {
        for said in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://xkcd.example.org:8443")],
            &[("origin", "https://xkcd.example.org")],
            &[("origin", "https://xkcd.example.org:8443.evil.example")],
            &[("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("origin", "https://xkcd.example.org:8443"), ("origin", "https://evil.example")],
        ] {
            assert!(!is_own(said, true), "{said:?}");
        }
    }
}
