//! Forms as they come: from this site's own pages, bounded in size and time, with a token of the session.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::{Payload, UrlEncoded};
use actix_web::{FromRequest, HttpRequest};
use tokio::time::timeout;

use super::signed_in::{SignedIn, state};
use super::{AdminError, form_tokens, origin};
use crate::error::AppError;
use crate::fields::Fields;

/// The field that every form carries.
pub(super) const TOKEN: &str = "csrf_token";

/// Larger than any form of this site.
const LARGEST: usize = 64 * 1_024;
/// The framework waits for a request's head only so long, and for its body for ever.
const IN_TIME: Duration = Duration::from_secs(10);

/// What a form without a valid token held: to be shown again, not to be done.
#[derive(Debug)]
pub(crate) struct Stale(pub(super) Fields);

/// A form that `W` sent: a [`SignedIn`] or a superuser.
#[derive(Debug)]
pub(crate) struct Submitted<W> {
    /// Who sent it.
    pub who: W,
    /// Its fields, if its token is the session's.
    pub form: Result<Fields, Stale>,
}

impl<W> FromRequest for Submitted<W>
where
    W: FromRequest<Error = AppError> + AsRef<SignedIn> + 'static,
    W::Future: 'static,
{
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let who = W::from_request(request, &mut Payload::None);
        let fields = receive(request, payload);
        Box::pin(async move {
            // Nobody's body is read before it is known who sends it.
            let who = who.await?;
            let fields = fields.await?;
            let is_ours = form_tokens::holds(fields.get(TOKEN), who.as_ref().form_token());
            Ok(Self { who, form: if is_ours { Ok(fields) } else { Err(Stale(fields)) } })
        })
    }
}

/// A form that somebody sent who is not signed in.
#[derive(Debug)]
pub(crate) struct SubmittedByAnybody {
    pub(super) form: Result<Fields, Stale>,
}

impl FromRequest for SubmittedByAnybody {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = receive(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let fields = fields.await?;
            let admin = &state(&request)?.admin;
            let now = time::OffsetDateTime::now_utc();
            let is_ours = admin.cookies.form_token(&request).is_some_and(|token| {
                form_tokens::holds(fields.get(TOKEN), token.as_bytes())
                    && admin.form_tokens.is_fresh(&token, now)
            });
            Ok(Self { form: if is_ours { Ok(fields) } else { Err(Stale(fields)) } })
        })
    }
}

/// Reads a form, unless it comes from elsewhere. Nothing is read before this is polled.
fn receive(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Fields, AppError>> + use<> {
    let is_own = state(request).map(|state| origin::is_own(request.headers(), state.public_url.is_https()));
    let body = UrlEncoded::<Vec<(String, String)>>::new(request, payload).limit(LARGEST);
    async move {
        if !is_own? {
            return Err(AdminError::ForeignOrigin.into());
        }
        let fields = timeout(IN_TIME, body).await.map_err(|_| AdminError::Late)?;
        Ok(Fields::new(fields.map_err(AdminError::Form)?))
    }
}
