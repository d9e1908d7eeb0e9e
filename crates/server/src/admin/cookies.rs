//! The two cookies of the admin site. Behind TLS their names begin with `__Host-`: then browsers take them from
//! this very host alone, and over TLS alone.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xkcd_domain::session::SessionId;

use crate::config::PublicUrl;

/// Makes and reads them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies {
    session: &'static str,
    form: &'static str,
    secure: bool,
}

impl Cookies {
    pub(super) fn new(public_url: &PublicUrl) -> Self {
        if public_url.is_https() {
            Self { session: "__Host-xkcdapp_session", form: "__Host-xkcdapp_csrf", secure: true }
        } else {
            Self { session: "xkcdapp_session", form: "xkcdapp_csrf", secure: false }
        }
    }

    /// The session that a browser presents, if it looks like one.
    pub(super) fn session(self, request: &HttpRequest) -> Option<SessionId> {
        let cookie = request.cookie(self.session)?;
        let bytes = URL_SAFE_NO_PAD.decode(cookie.value()).ok()?;
        Some(SessionId::from_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn give_session(self, id: &SessionId) -> Cookie<'static> {
        self.build(self.session, URL_SAFE_NO_PAD.encode(id.expose()))
    }

    pub(super) fn take_session(self) -> Cookie<'static> {
        self.removal(self.session)
    }

    /// The token of the forms of somebody who is not signed in.
    pub(super) fn form_token(self, request: &HttpRequest) -> Option<String> {
        Some(request.cookie(self.form)?.value().to_owned())
    }

    pub(super) fn give_form_token(self, token: &str) -> Cookie<'static> {
        self.build(self.form, token.to_owned())
    }

    pub(super) fn take_form_token(self) -> Cookie<'static> {
        self.removal(self.form)
    }

    /// Gone when the browser is closed.
    fn build(self, name: &'static str, value: String) -> Cookie<'static> {
        Cookie::build(name, value)
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .finish()
    }

    fn removal(self, name: &'static str) -> Cookie<'static> {
        let mut cookie = self.build(name, String::new());
        cookie.make_removal();
        cookie
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::COOKIE;
    use actix_web::test::TestRequest;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What a session's cookie of some value is taken for.
    fn presented(value: impl AsRef<[u8]>) -> Option<SessionId> {
        let cookies = Cookies::new(&"https://xkcd.example.org".parse().unwrap());
        let header = [b"__Host-xkcdapp_session=", value.as_ref()].concat();
        cookies.session(&TestRequest::default().insert_header((COOKIE, header)).to_http_request())
    }

    proptest! {
        #[test]
        fn a_session_comes_back_as_it_was_given(bytes: [u8; 32]) {
            let cookies = Cookies::new(&"https://xkcd.example.org".parse().unwrap());
            let id = SessionId::from_bytes(bytes);
            prop_assert_eq!(presented(cookies.give_session(&id).value()), Some(id));
        }

        #[test]
        fn anything_is_one_session_or_none(
            text in "[!-~]{0,100}", near in "[A-Za-z0-9_-]{40,46}={0,2}",
            bytes in vec(prop_oneof![32_u8..127, 128_u8..], 0..100),
        ) {
            for value in [text.into_bytes(), near.into_bytes(), bytes] {
                if let Some(id) = presented(&value) {
                    // Written as it was given.
                    prop_assert_eq!(URL_SAFE_NO_PAD.encode(id.expose()).into_bytes(), value);
                }
            }
        }
    }
}
