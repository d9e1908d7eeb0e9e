//! Changing one's own password.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use xkcd_domain::account::Username;
use xkcd_domain::error_chain::Chain;
use xkcd_domain::ports::account_store::AccountStoreError;
use xkcd_domain::secret::SecretValue;
use xkcd_domain::throttle::{SignInAttempt, SignInVerdict};

use super::pages::{Page, STALE, see_other};
use super::password_rules::weakness;
use super::sign_in::{SIGN_IN, address, begin_session, seconds, unless_unchecked, wait_for};
use super::{HOME, SignedIn, Submitted};
use crate::app::AppState;
use crate::error::AppError;

/// `GET /admin/password/`.
///
/// # Errors
///
/// When the page can't be made.
pub(crate) async fn form(state: web::Data<AppState>, who: SignedIn) -> Result<HttpResponse, AppError> {
    page(&state, &who, None)
}

/// `POST /admin/password/`: ends the account's other sessions.
///
/// # Errors
///
/// When accounts, sessions or the throttle can't be asked.
pub(crate) async fn change(
    request: HttpRequest,
    state: web::Data<AppState>,
    submitted: Submitted<SignedIn>,
) -> Result<HttpResponse, AppError> {
    let who = submitted.who;
    let unfit = |words| page(&state, &who, Some((StatusCode::UNPROCESSABLE_ENTITY, words)));
    let Ok(form) = submitted.form else { return page(&state, &who, Some((StatusCode::FORBIDDEN, STALE))) };
    let admin = &state.admin;
    // Somebody at a screen that was left alone does not get to guess.
    let attempt = SignInAttempt::new(who.username().as_str(), address(&request, &state));
    if let SignInVerdict::Wait(wait) = admin.ports.throttle.attempt(&attempt).await? {
        let mut answer = page(&state, &who, Some((StatusCode::TOO_MANY_REQUESTS, &wait_for(wait))))?;
        answer.headers_mut().insert(RETRY_AFTER, seconds(wait).into());
        return Ok(answer);
    }
    let secret = |name| SecretValue::new(form.get(name).to_owned());
    let verified = admin.passwords.verify(secret("current"), Some(who.account.password_hash.clone())).await;
    if !unless_unchecked(&state, &attempt, verified).await? {
        return unfit("That is not your current password.");
    }
    admin.ports.throttle.clear(&attempt).await?;
    let new = form.get("new");
    if new != form.get("again") {
        return unfit("The new password was not the same both times.");
    }
    if let Some(weakness) = weakness(new, who.username()) {
        return unfit(weakness);
    }
    let hash = admin.passwords.hash(secret("new")).await?;
    admin.ports.accounts.set_password(who.username(), &hash).await?;
    tracing::info!(event = "admin.account", action = "password", by = %who.username(), account = %who.username());
    // The session that was here has ended with all others.
    let begun = begin_anew(&state, who.username()).await;
    Ok(begun.unwrap_or_else(|error| {
        tracing::warn!(event = "admin.sign_in", result = "failed", error = %Chain(&error));
        see_other(&format!("{SIGN_IN}?done=password-anew"))
    }))
}

/// Another session for whoever changed the password.
async fn begin_anew(state: &AppState, username: &Username) -> Result<HttpResponse, AppError> {
    let account = state.admin.ports.accounts.find(username).await?;
    let account = account.ok_or(AccountStoreError::NotFound)?;
    let mut answer = see_other(&format!("{HOME}?done=password"));
    begin_session(state, &account, &mut answer).await?;
    Ok(answer)
}

fn page(
    state: &AppState,
    who: &SignedIn,
    problem: Option<(StatusCode, &str)>,
) -> Result<HttpResponse, AppError> {
    Page::of("password", "admin/password.html", who).problem(problem).render(state, &())
}
