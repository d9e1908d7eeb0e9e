//! Signing in and out.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use time::OffsetDateTime;
use xkcd_domain::account::{Account, Username};
use xkcd_domain::secret::SecretValue;
use xkcd_domain::session::{CsrfToken, Session, SessionId};
use xkcd_domain::throttle::{SignInAttempt, SignInVerdict};

use super::form::SubmittedByAnybody;
use super::local_path::LocalPath;
use super::pages::{STALE, done, for_anybody, see_other};
use super::{AdminError, Fields, SESSION_POLICY, SignedIn, Stale, Submitted, form_tokens};
use crate::app::AppState;
use crate::client_address::client_address;
use crate::error::AppError;
use crate::metrics::SignInResult;

/// Where the form is.
pub(super) const SIGN_IN: &str = "/admin/login/";

/// What the page shows.
#[derive(Serialize)]
struct SignInPage<'a> {
    username: &'a str,
    next: &'a str,
    csrf_token: &'a str,
    notice: Option<&'static str>,
    problem: Option<&'a str>,
}

/// `GET /admin/login/`.
///
/// # Errors
///
/// When the page can't be made.
pub(crate) async fn form(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    page(&request, &state, StatusCode::OK, &Fields::of_query(&request), None)
}

/// `POST /admin/login/`.
///
/// # Errors
///
/// When accounts, sessions or the throttle can't be asked.
pub(crate) async fn sign_in(
    request: HttpRequest,
    state: web::Data<AppState>,
    submitted: SubmittedByAnybody,
) -> Result<HttpResponse, AppError> {
    let answered = check(&request, &state, submitted.form).await;
    let (result, answer) = match answered {
        Ok((result, answer)) => (result, Ok(answer)),
        Err(error) => (SignInResult::Failed, Err(error)),
    };
    state.metrics.sign_ins.count(result);
    let address = address(&request, &state);
    tracing::info!(event = "admin.sign_in", result = result.as_str(), client.address = %address);
    answer
}

async fn check(
    request: &HttpRequest,
    state: &AppState,
    form: Result<Fields, Stale>,
) -> Result<(SignInResult, HttpResponse), AppError> {
    let refuse = |status, form: &Fields, problem: &str| page(request, state, status, form, Some(problem));
    let form = match form {
        Ok(form) => form,
        Err(Stale(form)) => {
            return Ok((SignInResult::Stale, refuse(StatusCode::FORBIDDEN, &form, STALE)?));
        }
    };
    let ports = &state.admin.ports;
    let attempt = SignInAttempt::new(form.get("username"), address(request, state));
    if let SignInVerdict::Wait(wait) = ports.throttle.attempt(&attempt).await? {
        let mut answer = refuse(StatusCode::TOO_MANY_REQUESTS, &form, &wait_for(wait))?;
        answer.headers_mut().insert(RETRY_AFTER, seconds(wait).into());
        return Ok((SignInResult::Throttled, answer));
    }
    let authenticated = authenticate(state, form.get("username"), form.get("password")).await;
    let Some(account) = unless_unchecked(state, &attempt, authenticated).await? else {
        let problem = "That name and password do not belong together, or the account may not sign in.";
        return Ok((SignInResult::Refused, refuse(StatusCode::FORBIDDEN, &form, problem)?));
    };
    ports.throttle.clear(&attempt).await?;
    // Whoever planted a session here beforehand has none afterwards.
    if let Some(before) = state.admin.cookies.session(request) {
        ports.sessions.remove(&before.key()).await?;
    }
    let mut answer = see_other(LocalPath::or_home(form.get("next")).as_str());
    begin_session(state, &account, &mut answer).await?;
    // Fails only for a cookie that can't be a header, which these always can.
    let _ = answer.add_cookie(&state.admin.cookies.take_form_token());
    Ok((SignInResult::Ok, answer))
}

/// What came of an attempt. It does not count when its password could not be checked.
pub(super) async fn unless_unchecked<T, E>(
    state: &AppState,
    attempt: &SignInAttempt,
    outcome: Result<T, E>,
) -> Result<T, E> {
    if outcome.is_err() {
        // If this fails too, the attempt counts. The error that is told is the first one.
        let _ = state.admin.ports.throttle.take_back(attempt).await;
    }
    outcome
}

/// The account, if it may sign in with this password.
async fn authenticate(state: &AppState, name: &str, password: &str) -> Result<Option<Account>, AppError> {
    let account = match name.parse::<Username>() {
        Ok(username) => state.admin.ports.accounts.find(&username).await?,
        Err(_) => None,
    };
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = state.admin.passwords.verify(SecretValue::new(password.to_owned()), hash).await?;
    Ok(account.filter(|account| is_right && account.active))
}

/// Makes a session, and gives its id to the browser.
pub(super) async fn begin_session(
    state: &AppState,
    account: &Account,
    answer: &mut HttpResponse,
) -> Result<(), AppError> {
    let id = SessionId::from_bytes(rand::random());
    let session = Session {
        username: account.username.clone(),
        epoch: account.epoch,
        signed_in_at: OffsetDateTime::now_utc(),
        csrf_token: CsrfToken::from_bytes(rand::random()),
    };
    state.admin.ports.sessions.create(&id.key(), &session, SESSION_POLICY.idle).await?;
    // As above.
    let _ = answer.add_cookie(&state.admin.cookies.give_session(&id));
    Ok(())
}

/// `POST /admin/logout/`.
///
/// # Errors
///
/// When the session can't be ended.
pub(crate) async fn sign_out(
    state: web::Data<AppState>,
    submitted: Result<Submitted<SignedIn>, AppError>,
) -> Result<HttpResponse, AppError> {
    let submitted = match submitted {
        // The session has ended already.
        Err(AppError::Admin(AdminError::SignInNeeded { .. })) => return Ok(see_other(SIGN_IN)),
        Err(AppError::Admin(AdminError::Sessions(cause))) => {
            return Err(AdminError::StillSignedIn(cause.into()).into());
        }
        Err(AppError::Admin(AdminError::Accounts(cause))) => {
            return Err(AdminError::StillSignedIn(cause.into()).into());
        }
        other => other?,
    };
    let who = submitted.who;
    if submitted.form.is_err() {
        let page = super::pages::Page::of("", "admin/sign-out.html", &who);
        return page.problem(Some((StatusCode::FORBIDDEN, STALE))).render(&state, &());
    }
    let removed = state.admin.ports.sessions.remove(&who.key).await;
    removed.map_err(|cause| AdminError::StillSignedIn(cause.into()))?;
    let mut answer = see_other(SIGN_IN);
    // As above.
    let _ = answer.add_cookie(&state.admin.cookies.take_session());
    Ok(answer)
}

/// The form, filled in as it was but for the password. A token that is still good is used again, so that a form
/// in another tab stays good.
fn page(
    request: &HttpRequest,
    state: &AppState,
    status: StatusCode,
    filled: &Fields,
    problem: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let admin = &state.admin;
    let now = OffsetDateTime::now_utc();
    let kept = admin.cookies.form_token(request).filter(|token| admin.form_tokens.is_fresh(token, now));
    let csrf_token = kept.unwrap_or_else(|| admin.form_tokens.make(now));
    let next = LocalPath::or_home(filled.get("next"));
    let page = SignInPage {
        username: filled.get("username"),
        next: next.as_str(),
        csrf_token: &form_tokens::mask(csrf_token.as_bytes()),
        notice: done(filled.get("done")),
        problem,
    };
    let mut answer = for_anybody(state, "admin/sign-in.html", status, &page)?;
    // As above.
    let _ = answer.add_cookie(&admin.cookies.give_form_token(&csrf_token));
    Ok(answer)
}

/// Who is slowed down when passwords are guessed.
pub(super) fn address(request: &HttpRequest, state: &AppState) -> IpAddr {
    let peer = request.peer_addr().map(|peer| peer.ip());
    client_address(request.headers(), peer, state.trusted_proxies).unwrap_or(Ipv4Addr::UNSPECIFIED.into())
}

pub(super) fn wait_for(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!("Too many attempts. Try again in {minutes} {unit}.")
}

/// Whole seconds, after which an attempt is allowed.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
}
