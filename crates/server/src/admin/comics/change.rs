//! One row: its count corrected.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{Adjustment, HistoryQuery, LedgerRow, RowVersion, ViewLedgerError};
use xkcd_domain::views::ViewCount;

use super::super::history::ShownEntry;
use super::super::pages::{Page, STALE, done, see_other};
use super::super::{Fields, SignedIn, Stale, Submitted, Superuser};
use super::{ShownRow, add, parse_views, rows_of};
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
pub(super) struct Conflict {
    seen: String,
    wanted: String,
    /// `None` when the row was deleted.
    now: Option<String>,
}

/// What an admin saw and sent.
struct Sent {
    seen: ViewCount,
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
    let comic = number.parse().map_err(|_| AppError::NotFound)?;
    let row = row_of(&state, comic).await?.ok_or(AppError::NotFound)?;
    let page = Page::of("comics", "admin/change.html", &who);
    let page = page.notice(done(Fields::of_query(&request).get("done")));
    render(&state, page, &row, &row.views.to_string(), None).await
}

/// `POST /admin/comics/N/`: adds what is wanted less what was seen, so that views that came meanwhile stay.
///
/// # Errors
///
/// When there is no such comic, or the counts can't be had or changed.
pub(crate) async fn change(
    state: web::Data<AppState>,
    number: web::Path<String>,
    submitted: Submitted<Superuser>,
) -> Result<HttpResponse, AppError> {
    let who = submitted.who;
    let comic: ComicNumber = number.parse().map_err(|_| AppError::NotFound)?;
    let sender = Sender { state: &state, who: &who, comic };
    let form = match submitted.form {
        Ok(form) => form,
        Err(Stale(form)) => return sender.again(StatusCode::FORBIDDEN, STALE, form.get("views")).await,
    };
    let Some(sent) = Sent::read(&form) else { return Err(AppError::NotFound) };
    let Some(wanted) = parse_views(form.get("views")) else {
        let problem = "A count is a whole number from 0 on.";
        return sender.again(StatusCode::UNPROCESSABLE_ENTITY, problem, form.get("views")).await;
    };
    let row = row_of(&state, comic).await?;
    if row.is_none_or(|row| !sent.can_be_of(&row)) {
        return sender.conflict(&sent, wanted, row).await;
    }
    let path = |done| format!("/admin/comics/{comic}/?done={done}");
    if wanted == sent.seen {
        return Ok(see_other(&path("unchanged")));
    }
    let adjustment = Adjustment { comic, seen: sent.seen, wanted, version: Some(sent.version) };
    match state.admin.ports.ledger.adjust(&[adjustment], who.as_ref().username()).await {
        Ok(()) => Ok(see_other(&path("changed"))),
        Err(ViewLedgerError::Conflict { now }) => {
            sender.conflict(&sent, wanted, now.into_iter().find_map(|(_, row)| row)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Who sent a form about a comic, to be answered with a page.
struct Sender<'a> {
    state: &'a AppState,
    who: &'a Superuser,
    comic: ComicNumber,
}

impl Sender<'_> {
    /// The form once more, as it was filled in.
    async fn again(&self, status: StatusCode, problem: &str, wanted: &str) -> Result<HttpResponse, AppError> {
        let Some(row) = row_of(self.state, self.comic).await? else {
            return add::instead(self.state, self.who, self.comic, wanted, None);
        };
        let page = Page::of("comics", "admin/change.html", self.who).problem(Some((status, problem)));
        render(self.state, page, &row, wanted, None).await
    }

    /// Both values: that of the row as it is, and that which was wanted.
    async fn conflict(
        &self,
        sent: &Sent,
        wanted: ViewCount,
        row: Option<LedgerRow>,
    ) -> Result<HttpResponse, AppError> {
        let conflict = Conflict {
            seen: grouped(sent.seen.get()),
            wanted: grouped(wanted.get()),
            now: row.map(|row| grouped(row.views.get())),
        };
        let wanted = wanted.to_string();
        let Some(row) = row else {
            return add::instead(self.state, self.who, self.comic, &wanted, Some(conflict));
        };
        let problem = "Somebody else changed this row while you looked at it. Nothing was changed by you.";
        let page = Page::of("comics", "admin/change.html", self.who);
        let page = page.problem(Some((StatusCode::CONFLICT, problem)));
        render(self.state, page, &row, &wanted, Some(conflict)).await
    }
}

impl Sent {
    fn read(form: &Fields) -> Option<Self> {
        Some(Self { seen: parse_views(form.get("seen"))?, version: RowVersion(form.parse("version")?) })
    }

    /// Whether a row may have been seen so: of the same version, in which views only come in.
    fn can_be_of(&self, row: &LedgerRow) -> bool {
        row.version == self.version && row.views >= self.seen
    }
}

async fn row_of(state: &AppState, comic: ComicNumber) -> Result<Option<LedgerRow>, ViewLedgerError> {
    Ok(rows_of(state.admin.ports.ledger.as_ref(), vec![comic]).await?.into_iter().next())
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
