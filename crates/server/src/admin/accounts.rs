//! Who may sign in, and what they may do. Accounts are made on the command line.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use xkcd_domain::account::{Role, Username};
use xkcd_domain::ports::account_store::AccountStoreError;

use super::pages::{Page, STALE, done, see_other};
use super::{Fields, Submitted, Superuser};
use crate::app::AppState;
use crate::error::AppError;

/// What the page shows.
#[derive(Serialize)]
struct AccountsPage {
    accounts: Vec<ShownAccount>,
}

#[derive(Serialize)]
struct ShownAccount {
    username: String,
    superuser: bool,
    active: bool,
    own: bool,
}

/// `GET /admin/accounts/`.
///
/// # Errors
///
/// When accounts can't be had.
pub(crate) async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    who: Superuser,
) -> Result<HttpResponse, AppError> {
    let page = Page::of("accounts", "admin/accounts.html", &who);
    render(&state, &who, page.notice(done(Fields::of_query(&request).get("done")))).await
}

/// `POST /admin/accounts/`: an account's role changed, or the account deactivated or activated again. That ends
/// its sessions, the admin's own too.
///
/// # Errors
///
/// When accounts can't be had or changed, or there is none of that name.
pub(crate) async fn change(
    state: web::Data<AppState>,
    submitted: Submitted<Superuser>,
) -> Result<HttpResponse, AppError> {
    let who = submitted.who;
    let page = Page::of("accounts", "admin/accounts.html", &who);
    let Ok(form) = submitted.form else {
        return render(&state, &who, page.problem(Some((StatusCode::FORBIDDEN, STALE)))).await;
    };
    let username: Username = form.parse("username").ok_or(AppError::NotFound)?;
    let accounts = &state.admin.ports.accounts;
    let changed = match form.get("action") {
        "promote" => accounts.set_role(&username, Role::Superuser).await,
        "demote" => accounts.set_role(&username, Role::Viewer).await,
        "deactivate" => accounts.set_active(&username, false).await,
        "activate" => accounts.set_active(&username, true).await,
        _ => return Err(AppError::NotFound),
    };
    match changed {
        Ok(()) => {
            let (action, by) = (form.get("action"), who.as_ref().username());
            tracing::info!(event = "admin.account", action, by = %by, account = %username);
            Ok(see_other("/admin/accounts/?done=account"))
        }
        Err(AccountStoreError::LastSuperuser) => {
            let problem = "This is the last superuser who can sign in, so it stays as it is.";
            render(&state, &who, page.problem(Some((StatusCode::CONFLICT, problem)))).await
        }
        Err(AccountStoreError::NotFound) => Err(AppError::NotFound),
        Err(error) => Err(error.into()),
    }
}

async fn render(state: &AppState, who: &Superuser, page: Page<'_>) -> Result<HttpResponse, AppError> {
    let shown = |account: xkcd_domain::account::Account| ShownAccount {
        own: account.username == *who.as_ref().username(),
        username: account.username.to_string(),
        superuser: account.role == Role::Superuser,
        active: account.active,
    };
    let accounts = state.admin.ports.accounts.list().await?.into_iter().map(shown).collect();
    page.render(state, &AccountsPage { accounts })
}
