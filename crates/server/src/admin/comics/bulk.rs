//! Many rows at once: reset or deleted, after a page that lists them was confirmed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use xkcd_domain::account::Username;
use xkcd_domain::ports::view_ledger::{Adjustment, Removal, ViewLedger, ViewLedgerError};
use xkcd_domain::views::ViewCount;

use super::super::pages::{Page, STALE, see_other};
use super::super::{Fields, Stale, Submitted, Superuser};
use super::{LIST, SeenRow, ShownRow, rows_of};
use crate::app::AppState;
use crate::error::AppError;

/// What is done with the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Reset,
    Delete,
}

/// What the page shows.
#[derive(Serialize)]
struct ConfirmPage {
    action: Action,
    rows: Vec<ShownRow>,
}

/// `POST /admin/comics/bulk/`: first asks, and does it when that was confirmed.
///
/// # Errors
///
/// When the counts can't be had or changed.
pub(crate) async fn act(
    state: web::Data<AppState>,
    submitted: Submitted<Superuser>,
) -> Result<HttpResponse, AppError> {
    let who = submitted.who;
    let (form, problem) = match submitted.form {
        Ok(form) => (form, None),
        Err(Stale(form)) => (form, Some((StatusCode::FORBIDDEN, STALE))),
    };
    let action = match form.get("action") {
        "reset" => Action::Reset,
        "delete" => Action::Delete,
        _ => return Err(AppError::NotFound),
    };
    let rows = selected(&form)?;
    if rows.is_empty() {
        return Ok(see_other(&format!("{LIST}?done=nothing")));
    }
    let ledger = state.admin.ports.ledger.as_ref();
    if form.get("confirmed") != "yes" || problem.is_some() {
        return confirm(&state, &who, action, &rows, problem).await;
    }
    match action.run(ledger, &rows, who.as_ref().username()).await {
        Ok(()) => Ok(see_other(&format!("{LIST}?done={}", action.done()))),
        Err(ViewLedgerError::Conflict { .. }) => {
            let problem = "Somebody else changed some of these rows meanwhile. Nothing was done; they are shown as they are now.";
            confirm(&state, &who, action, &rows, Some((StatusCode::CONFLICT, problem))).await
        }
        Err(error) => Err(error.into()),
    }
}

impl Action {
    async fn run(
        self,
        ledger: &dyn ViewLedger,
        rows: &[SeenRow],
        by: &Username,
    ) -> Result<(), ViewLedgerError> {
        match self {
            Self::Reset => {
                let to_zero = |row: &SeenRow| Adjustment {
                    comic: row.comic,
                    seen: row.views,
                    wanted: ViewCount::default(),
                    version: Some(row.version),
                };
                ledger.adjust(&rows.iter().map(to_zero).collect::<Vec<_>>(), by).await
            }
            Self::Delete => {
                let removal = |row: &SeenRow| Removal { comic: row.comic, version: row.version };
                ledger.remove(&rows.iter().map(removal).collect::<Vec<_>>(), by).await
            }
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Delete => "deleted",
        }
    }
}

fn selected(form: &Fields) -> Result<Vec<SeenRow>, AppError> {
    form.all("row").map(|row| row.parse().map_err(|()| AppError::NotFound)).collect()
}

/// Lists the rows as they are now: what is confirmed is what is done.
async fn confirm(
    state: &AppState,
    who: &Superuser,
    action: Action,
    rows: &[SeenRow],
    problem: Option<(StatusCode, &str)>,
) -> Result<HttpResponse, AppError> {
    let comics = rows.iter().map(|row| row.comic).collect();
    let rows = rows_of(state.admin.ports.ledger.as_ref(), comics).await?;
    let rows = rows.iter().map(|row| ShownRow::new(state, row)).collect();
    Page::of("comics", "admin/confirm.html", who)
        .problem(problem)
        .render(state, &ConfirmPage { action, rows })
}
