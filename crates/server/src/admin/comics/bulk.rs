//! Many rows at once: reset or deleted, after a page that lists them was confirmed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use xkcd_domain::account::Username;
use xkcd_domain::ports::view_ledger::{Adjustment, Removal, ViewLedger, ViewLedgerError};
use xkcd_domain::views::ViewCount;

use super::super::pages::{Page, STALE, see_other};
use super::super::{Fields, Stale, Submitted, Superuser};
use super::list_query::ListQuery;
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
    /// The query of the list that the rows were selected in, and its address.
    list: String,
    back: String,
}

/// Rows of the list as somebody selected them.
struct Selection {
    action: Action,
    rows: Vec<SeenRow>,
    list: ListQuery,
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
    let selection = Selection::of(&form)?;
    if selection.rows.is_empty() {
        return Ok(see_other(&selection.list.after("nothing")));
    }
    let ledger = state.admin.ports.ledger.as_ref();
    if form.get("confirmed") != "yes" || problem.is_some() {
        return selection.confirm(&state, &who, problem).await;
    }
    match selection.action.run(ledger, &selection.rows, who.as_ref().username()).await {
        Ok(()) => Ok(see_other(&selection.list.after(selection.action.done()))),
        Err(ViewLedgerError::Conflict { .. }) => {
            let problem = "Somebody else changed some of these rows meanwhile. Nothing was done; they are shown as they are now.";
            selection.confirm(&state, &who, Some((StatusCode::CONFLICT, problem))).await
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

impl Selection {
    fn of(form: &Fields) -> Result<Self, AppError> {
        let action = match form.get("action") {
            "reset" => Action::Reset,
            "delete" => Action::Delete,
            _ => return Err(AppError::NotFound),
        };
        let rows = form.all("row").map(|row| row.parse().map_err(|()| AppError::NotFound));
        Ok(Self { action, rows: rows.collect::<Result<_, _>>()?, list: ListQuery::carried_by(form) })
    }

    /// Lists the rows as they are now: what is confirmed is what is done.
    async fn confirm(
        &self,
        state: &AppState,
        who: &Superuser,
        problem: Option<(StatusCode, &str)>,
    ) -> Result<HttpResponse, AppError> {
        let comics = self.rows.iter().map(|row| row.comic).collect();
        let rows = rows_of(state.admin.ports.ledger.as_ref(), comics).await?;
        let page = ConfirmPage {
            action: self.action,
            rows: rows.iter().map(|row| ShownRow::new(state, row)).collect(),
            list: self.list.to_text(),
            back: self.list.address(LIST),
        };
        Page::of("comics", "admin/confirm.html", who).problem(problem).render(state, &page)
    }
}
