//! One row: its count corrected.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{Adjustment, HistoryQuery, LedgerRow, RowVersion, ViewLedgerError};

use super::super::history::ShownEntry;
use super::super::pages::{Page, STALE, done, see_other};
use super::super::{Fields, SignedIn, Stale, Submitted, Superuser};
use super::{ShownRow, parse_views, rows_of};
use crate::app::AppState;
use crate::error::AppError;
use crate::pages::grouped;

/// How much of the history is beside the row.
const ENTRIES: u32 = 5;

/// What the page shows.
#[derive(Serialize)]
struct ChangePage<'a> {
    row: ShownRow,
    /// What is in the field.
    wanted: &'a str,
    conflict: Option<Conflict>,
    entries: Vec<ShownEntry>,
}

/// Another admin was faster.
#[derive(Serialize)]
struct Conflict {
    seen: String,
    wanted: String,
    now: String,
}

/// What an admin saw and sent.
struct Sent {
    seen: xkcd_domain::views::ViewCount,
    version: RowVersion,
}

/// `GET /admin/comics/N/`.
///
/// # Errors
///
/// When there is no such row, or the counts can't be had.
pub(crate) async fn form(
    request: HttpRequest,
    state: web::Data<AppState>,
    number: web::Path<String>,
    who: SignedIn,
) -> Result<HttpResponse, AppError> {
    let row = find(&state, &number).await?;
    let page = Page::of("comics", "admin/change.html", &who);
    let page = page.notice(done(Fields::of_query(&request).get("done")));
    render(&state, page, &row, &row.views.to_string(), None).await
}

/// `POST /admin/comics/N/`: adds what is wanted less what was seen, so that views that came meanwhile stay.
///
/// # Errors
///
/// When there is no such row, or the counts can't be had or changed.
pub(crate) async fn change(
    state: web::Data<AppState>,
    number: web::Path<String>,
    submitted: Submitted<Superuser>,
) -> Result<HttpResponse, AppError> {
    let who = submitted.who;
    let comic: ComicNumber = number.parse().map_err(|_| AppError::NotFound)?;
    let again = async |status, problem, wanted: &str| {
        let row = find(&state, &number).await?;
        let page = Page::of("comics", "admin/change.html", &who).problem(Some((status, problem)));
        render(&state, page, &row, wanted, None).await
    };
    let form = match submitted.form {
        Ok(form) => form,
        Err(Stale(form)) => return again(StatusCode::FORBIDDEN, STALE, form.get("views")).await,
    };
    let Some(sent) = Sent::read(&form) else { return Err(AppError::NotFound) };
    let Some(wanted) = parse_views(form.get("views")) else {
        let problem = "A count is a whole number from 0 on.";
        return again(StatusCode::UNPROCESSABLE_ENTITY, problem, form.get("views")).await;
    };
    let path = |done| format!("/admin/comics/{comic}/?done={done}");
    if wanted == sent.seen {
        return Ok(see_other(&path("unchanged")));
    }
    let adjustment = Adjustment { comic, seen: sent.seen, wanted, version: Some(sent.version) };
    match state.admin.ports.ledger.adjust(&[adjustment], who.as_ref().username()).await {
        Ok(()) => Ok(see_other(&path("changed"))),
        Err(ViewLedgerError::Conflict { now }) => {
            let Some(row) = now.into_iter().find_map(|(_, row)| row) else { return Err(AppError::NotFound) };
            let conflict = Conflict {
                seen: grouped(sent.seen.get()),
                wanted: grouped(wanted.get()),
                now: grouped(row.views.get()),
            };
            let problem =
                "Somebody else changed this row while you looked at it. Nothing was changed by you.";
            let page = Page::of("comics", "admin/change.html", &who);
            let page = page.problem(Some((StatusCode::CONFLICT, problem)));
            render(&state, page, &row, &wanted.to_string(), Some(conflict)).await
        }
        Err(error) => Err(error.into()),
    }
}

impl Sent {
    fn read(form: &Fields) -> Option<Self> {
        Some(Self { seen: parse_views(form.get("seen"))?, version: RowVersion(form.parse("version")?) })
    }
}

async fn find(state: &AppState, number: &str) -> Result<LedgerRow, AppError> {
    let comic = number.parse().map_err(|_| AppError::NotFound)?;
    let rows = rows_of(state.admin.ports.ledger.as_ref(), vec![comic]).await?;
    rows.into_iter().next().ok_or(AppError::NotFound)
}

async fn render(
    state: &AppState,
    page: Page<'_>,
    row: &LedgerRow,
    wanted: &str,
    conflict: Option<Conflict>,
) -> Result<HttpResponse, AppError> {
    let query = HistoryQuery { comic: Some(row.comic), before: None, limit: ENTRIES };
    let entries = state.admin.ports.ledger.history(&query).await?;
    let entries = entries.iter().map(|entry| ShownEntry::new(state, entry)).collect();
    page.render(state, &ChangePage { row: ShownRow::new(state, row), wanted, conflict, entries })
}
