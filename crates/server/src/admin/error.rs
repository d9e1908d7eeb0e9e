//! What a request to the admin site can end with instead of what it asked for.

use actix_web::HttpResponse;
use actix_web::error::{PayloadError, UrlencodedError};
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use xkcd_domain::ports::Cause;
use xkcd_domain::ports::account_store::AccountStoreError;
use xkcd_domain::ports::session_store::SessionStoreError;
use xkcd_domain::ports::sign_in_throttle::SignInThrottleError;
use xkcd_domain::ports::view_ledger::ViewLedgerError;

use super::passwords::PasswordError;
use crate::error::AppError;

/// What a request ends with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignInNeeded {
        /// The path to go on to after signing in.
        next: String,
        /// Whether the request sent something, which was not done.
        was_sent: bool,
    },
    /// The account may look and not change.
    #[error("the account is not a superuser's")]
    NotAllowed,
    /// Passwords and cookies would cross the network in the clear.
    #[error("it came over plain http, and not from this machine")]
    NoTls,
    /// Another site's page sent the form.
    #[error("the form comes from another site")]
    ForeignOrigin,
    /// The form did not come in time.
    #[error("the form did not come in time")]
    Late,
    /// It is no form that could be read.
    #[error("the form can't be read")]
    Form(#[source] UrlencodedError),
    /// The session can't be ended: it still stands.
    #[error("the session still stands")]
    StillSignedIn(#[source] Cause),
    /// Sessions can't be had.
    #[error(transparent)]
    Sessions(#[from] SessionStoreError),
    /// Accounts can't be had.
    #[error(transparent)]
    Accounts(#[from] AccountStoreError),
    /// It can't be told whether somebody guesses passwords.
    #[error(transparent)]
    Throttle(#[from] SignInThrottleError),
    /// The counts can't be had.
    #[error(transparent)]
    Ledger(#[from] ViewLedgerError),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Each of them ends a request by itself.
macro_rules! ends_a_request {
    ($($error:ty)*) => {
        $(impl From<$error> for AppError {
            fn from(error: $error) -> Self {
                Self::Admin(error.into())
            }
        })*
    };
}
ends_a_request!(SessionStoreError AccountStoreError SignInThrottleError ViewLedgerError PasswordError);

impl AdminError {
    /// The answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignInNeeded { .. } => StatusCode::SEE_OTHER,
            Self::NotAllowed | Self::NoTls | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Form(
                UrlencodedError::Overflow { .. } | UrlencodedError::Payload(PayloadError::Overflow),
            ) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Form(UrlencodedError::ContentType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Form(_) => StatusCode::BAD_REQUEST,
            Self::Ledger(ViewLedgerError::Conflict { .. }) => StatusCode::CONFLICT,
            Self::StillSignedIn(_)
            | Self::Sessions(SessionStoreError::Unavailable(_))
            | Self::Accounts(AccountStoreError::Unavailable(_))
            | Self::Throttle(SignInThrottleError::Unavailable(_))
            | Self::Ledger(ViewLedgerError::Unavailable(_))
            | Self::Password(PasswordError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the page of the error says: a title, and advice. `None` for what its status says. Of a request that
    /// sent something it may be unknown whether it was done: an answer of a store may have been lost.
    #[must_use]
    pub fn words(&self, was_sent: bool) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::NotAllowed => {
                ("Not with this account", "It may look at everything here, and change nothing.")
            }
            Self::NoTls => (
                "The admin site needs TLS",
                "Whoever runs this site: set XKCDAPP_PUBLIC_URL to its https address. Over plain http passwords could be read on the way, so without TLS it is open on this machine alone, under localhost.",
            ),
            Self::ForeignOrigin => (
                "That came from elsewhere",
                "The form was not sent by a page of this site, so it was not done.",
            ),
            Self::StillSignedIn(_) => (
                "You are still signed in",
                "The session could not be ended right now, and it still stands. Go back and sign out again in a moment.",
            ),
            Self::Password(PasswordError::Busy) => (
                "Not right now",
                "Too many passwords are being checked, so nothing was done. Try again in a moment.",
            ),
            _ if self.status() != StatusCode::SERVICE_UNAVAILABLE => return None,
            _ if was_sent => (
                "It is not known whether that was done",
                "What the admin site works with did not answer. Before you send it again, look whether it was done.",
            ),
            _ => (
                "Not right now",
                "What the admin site works with can’t be reached, so this page can’t be shown. Try again in a moment.",
            ),
        })
    }

    /// Status and headers.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status());
        if let Self::SignInNeeded { next, was_sent } = self {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("next", next);
            if *was_sent {
                query.append_pair("done", "nothing-sent");
            }
            answer.insert_header((LOCATION, format!("/admin/login/?{}", query.finish())));
        }
        answer.finish()
    }
}
