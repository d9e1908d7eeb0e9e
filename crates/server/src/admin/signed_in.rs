//! Who is there: extractors that end a request unless somebody is, who may.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest, web};
use time::OffsetDateTime;
use xkcd_domain::account::{Account, Role, Username};
use xkcd_domain::session::{Session, SessionKey};

use super::{AdminError, SESSION_POLICY};
use crate::app::AppState;
use crate::error::AppError;

/// Somebody who is signed in. May look at everything.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(super) account: Account,
    pub(super) session: Session,
    pub(super) key: SessionKey,
}

impl SignedIn {
    /// The account's name.
    pub(super) fn username(&self) -> &Username {
        &self.account.username
    }

    pub(super) fn is_superuser(&self) -> bool {
        self.account.role == Role::Superuser
    }

    /// What the forms of the session carry, masked.
    pub(super) fn form_token(&self) -> &[u8] {
        self.session.csrf_token.expose()
    }
}

impl AsRef<Self> for SignedIn {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let found = identify(&request).await?;
            found.ok_or_else(|| sign_in_needed(&request).into())
        })
    }
}

/// Somebody who is signed in and may change everything.
#[derive(Debug)]
pub(crate) struct Superuser(SignedIn);

impl AsRef<SignedIn> for Superuser {
    fn as_ref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequest for Superuser {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let who = SignedIn::from_request(request, payload);
        Box::pin(async move {
            let who = who.await?;
            if who.is_superuser() { Ok(Self(who)) } else { Err(AdminError::NotAllowed.into()) }
        })
    }
}

/// What requests share.
pub(super) fn state(request: &HttpRequest) -> Result<&web::Data<AppState>, AppError> {
    request.app_data().ok_or(AppError::NotFound)
}

/// The session's owner, while both are valid. `None` is nobody; that the stores can't be asked is an error, and
/// the cookie is kept.
async fn identify(request: &HttpRequest) -> Result<Option<SignedIn>, AppError> {
    let admin = &state(request)?.admin;
    let Some(id) = admin.cookies.session(request) else { return Ok(None) };
    let key = id.key();
    let Some(session) = admin.ports.sessions.load(&key).await? else { return Ok(None) };
    let account = admin.ports.accounts.find(&session.username).await?;
    let Some(account) = account.filter(|it| it.active && it.epoch == session.epoch) else { return Ok(None) };
    let Some(time_to_live) = session.time_to_live(SESSION_POLICY, OffsetDateTime::now_utc()) else {
        return Ok(None);
    };
    let is_there = admin.ports.sessions.touch(&key, time_to_live).await?;
    Ok(is_there.then_some(SignedIn { account, session, key }))
}

/// Where forms come from that are sent to a resource without a page of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentFrom(pub(super) &'static str);

/// Leads to signing in, and then to the page, or to that of the form: to look at it, and not to send it once more.
fn sign_in_needed(request: &HttpRequest) -> AdminError {
    let was_sent = !matches!(*request.method(), Method::GET | Method::HEAD);
    let next = match request.uri().path_and_query().filter(|_| !was_sent) {
        Some(path) => path.as_str(),
        None => request.app_data().map_or(request.path(), |SentFrom(page)| page),
    };
    AdminError::SignInNeeded { next: next.to_owned(), was_sent }
}
