//! The list of the counts.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use xkcd_domain::ports::view_ledger::{LedgerCursor, LedgerList, LedgerOrder, LedgerPage};

use super::super::pages::{Page, done};
use super::super::{Fields, SignedIn};
use super::ShownRow;
use super::list_query::ListQuery;
use crate::app::AppState;
use crate::error::AppError;

/// What the page shows.
#[derive(Serialize)]
struct ListPage {
    rows: Vec<ShownRow>,
    search: String,
    least: Option<String>,
    most: Option<String>,
    order: &'static str,
    is_filtered: bool,
    by_number: Column,
    by_views: Column,
    previous: Option<String>,
    next: Option<String>,
    first: Option<String>,
    export: String,
    /// The list's query, for forms to carry along.
    list: String,
}

/// The head of a column: which way it is sorted, and the address that sorts it the other way.
#[derive(Serialize)]
struct Column {
    sorted: Option<&'static str>,
    address: String,
}

/// `GET /admin/comics/`.
///
/// # Errors
///
/// When the query can't be read, or the counts can't be had.
pub(crate) async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    who: SignedIn,
) -> Result<HttpResponse, AppError> {
    let fields = Fields::of_query(&request);
    let query = ListQuery::of(&fields)?;
    let list = state.admin.ports.ledger.list(&query.to_ledger(&state)).await?;
    let page = Page::of("comics", "admin/comics.html", &who).notice(done(fields.get("done")));
    page.render(&state, &ListPage::new(&state, &query, &list))
}

impl ListPage {
    fn new(state: &AppState, query: &ListQuery, list: &LedgerList) -> Self {
        let column = |up: LedgerOrder, down: LedgerOrder, first: LedgerOrder| {
            let (sorted, other) = match query.order {
                order if order == up => (Some("ascending"), down),
                order if order == down => (Some("descending"), up),
                _ => (None, first),
            };
            Column { sorted, address: query.ordered(other) }
        };
        let before = list.rows.first().map(|row| query.at(LedgerPage::Before(LedgerCursor::from(row))));
        let after = list.rows.last().map(|row| query.at(LedgerPage::After(LedgerCursor::from(row))));
        let is_first = query.page == LedgerPage::First;
        Self {
            rows: list.rows.iter().map(|row| ShownRow::new(state, row)).collect(),
            search: query.search.clone(),
            least: query.least.as_ref().map(ToString::to_string),
            most: query.most.as_ref().map(ToString::to_string),
            order: query.order_name(),
            is_filtered: !query.search.is_empty() || query.least.is_some() || query.most.is_some(),
            by_number: column(
                LedgerOrder::NumberAscending,
                LedgerOrder::NumberDescending,
                LedgerOrder::NumberAscending,
            ),
            by_views: column(
                LedgerOrder::ViewsAscending,
                LedgerOrder::ViewsDescending,
                LedgerOrder::ViewsDescending,
            ),
            previous: before.filter(|_| list.more_before),
            next: after.filter(|_| list.more_after),
            first: (!is_first).then(|| query.at(LedgerPage::First)),
            export: ListQuery { page: LedgerPage::First, ..query.clone() }
                .address("/admin/comics/export.csv"),
            list: query.to_text(),
        }
    }
}
