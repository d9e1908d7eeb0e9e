//! A row for a comic that has none yet.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{Adjustment, ViewLedgerError};
use xkcd_domain::views::ViewCount;

use super::super::pages::{Page, STALE, see_other};
use super::super::{Fields, Stale, Submitted, Superuser};
use super::change::Conflict;
use super::parse_views;
use crate::app::AppState;
use crate::error::AppError;

/// How long it may take to know which comics there are.
const TIME_FOR_RANGE: Duration = Duration::from_millis(500);

/// What the page shows.
#[derive(Serialize)]
struct AddPage<'a> {
    number: &'a str,
    views: &'a str,
    /// The row that is there already.
    existing: Option<u32>,
    /// What somebody wanted of a row that is not there any more.
    conflict: Option<Conflict>,
}

/// `GET /admin/comics/add/`.
///
/// # Errors
///
/// When the page can't be made.
pub(crate) async fn form(state: web::Data<AppState>, who: Superuser) -> Result<HttpResponse, AppError> {
    Page::of("comics", "admin/add.html", &who)
        .render(&state, &AddPage { number: "", views: "0", existing: None, conflict: None })
}

/// `POST /admin/comics/add/`.
///
/// # Errors
///
/// When the counts can't be changed.
pub(crate) async fn add(
    state: web::Data<AppState>,
    submitted: Submitted<Superuser>,
) -> Result<HttpResponse, AppError> {
    let who = submitted.who;
    let again = |status, form: &Fields, existing: Option<u32>, problem| {
        let (number, views) = (form.get("number"), form.get("views"));
        let page = AddPage { number, views, existing, conflict: None };
        Page::of("comics", "admin/add.html", &who).problem(Some((status, problem))).render(&state, &page)
    };
    let form = match submitted.form {
        Ok(form) => form,
        Err(Stale(form)) => return again(StatusCode::FORBIDDEN, &form, None, STALE),
    };
    let unfit = |problem| again(StatusCode::UNPROCESSABLE_ENTITY, &form, None, problem);
    let Some(comic) = form.parse::<ComicNumber>("number") else {
        return unfit("That is not the number of a comic.");
    };
    if !is_there(&state, comic).await {
        return unfit("There is no comic of that number.");
    }
    let Some(wanted) = parse_views(form.get("views")) else {
        return unfit("A count is a whole number from 0 on.");
    };
    let adjustment = Adjustment { comic, seen: ViewCount::default(), wanted, version: None };
    match state.admin.ports.ledger.adjust(&[adjustment], who.as_ref().username()).await {
        Ok(()) => Ok(see_other(&format!("/admin/comics/{comic}/?done=added"))),
        Err(ViewLedgerError::Conflict { .. }) => {
            let problem = "There is a row for this comic already.";
            again(StatusCode::CONFLICT, &form, Some(comic.get()), problem)
        }
        Err(error) => Err(error.into()),
    }
}

/// The form to add a row, for somebody who changed one that was deleted meanwhile.
pub(super) fn instead(
    state: &AppState,
    who: &Superuser,
    comic: ComicNumber,
    views: &str,
    conflict: Option<Conflict>,
) -> Result<HttpResponse, AppError> {
    let problem = "Somebody else deleted this row while you looked at it. Nothing was changed by you.";
    let page = AddPage { number: &comic.to_string(), views, existing: None, conflict };
    Page::of("comics", "admin/add.html", who)
        .problem(Some((StatusCode::CONFLICT, problem)))
        .render(state, &page)
}

/// Whether there is such a comic, as far as is known.
async fn is_there(state: &AppState, comic: ComicNumber) -> bool {
    let source = state.parts.show_comic.source_of(comic);
    source.range(Instant::now() + TIME_FOR_RANGE).await.map_or(true, |range| range.contains(comic))
}
