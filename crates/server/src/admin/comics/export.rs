//! The list as a CSV file, page by page, so that memory is bounded whatever the list is.

use std::io;
use std::sync::Arc;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use xkcd_domain::ports::view_ledger::{LedgerCursor, LedgerPage, LedgerQuery, LedgerRow, ViewLedgerError};

use super::super::{Fields, SignedIn, titles};
use super::list_query::ListQuery;
use crate::app::AppState;
use crate::error::AppError;

/// How many rows are read at once: more than there are comics. Between two pages in the order of views a comic that is
/// viewed could go from the one to the other.
const ROWS: u32 = 5_000;

/// `GET /admin/comics/export.csv`, with the filters and the order of the list.
///
/// # Errors
///
/// When the query can't be read, or the counts can't be had.
pub(crate) async fn csv(
    request: HttpRequest,
    state: web::Data<AppState>,
    _who: SignedIn,
) -> Result<HttpResponse, AppError> {
    let query = ListQuery::of(&Fields::of_query(&request))?.to_ledger(&state);
    let query = LedgerQuery { limit: ROWS, page: LedgerPage::First, ..query };
    // A store that is down is told before the first byte; one that goes down later cuts the file.
    let first = Export { state: state.into_inner(), query, is_first: true }.next().await?;
    let pages = stream::unfold(Some(first), |at| async {
        let (bytes, rest) = at?;
        let following = match rest {
            None => None,
            Some(rest) => match rest.next().await {
                Ok(next) => Some(next),
                Err(error) => return Some((Err(io::Error::other(error)), None)),
            },
        };
        Some((Ok::<_, io::Error>(bytes), following))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"views.csv\""))
        .streaming(Box::pin(pages)))
}

/// What is left to be written.
struct Export {
    state: Arc<AppState>,
    query: LedgerQuery,
    is_first: bool,
}

impl Export {
    /// The next rows as text, and what is left after them.
    async fn next(mut self) -> Result<(Bytes, Option<Self>), ViewLedgerError> {
        let list = self.state.admin.ports.ledger.list(&self.query).await?;
        let text = write(&self.state, &list.rows, self.is_first);
        let seen = list.rows.last().map(LedgerCursor::from).filter(|_| list.more_after);
        self.is_first = false;
        let rest = seen.map(|seen| {
            self.query.page = LedgerPage::After(seen);
            self
        });
        Ok((text, rest))
    }
}

fn write(state: &AppState, rows: &[LedgerRow], with_head: bool) -> Bytes {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Memory takes all that is written.
    if with_head {
        let _ = writer.write_record(["number", "title", "views"]);
    }
    for row in rows {
        let title = titles::of(state, row.comic).unwrap_or_default();
        let _ = writer.write_record([&row.comic.to_string(), &inert(title), &row.views.to_string()]);
    }
    writer.into_inner().unwrap_or_default().into()
}

/// A cell that spreadsheets would take for a formula is text when it begins with an apostrophe (OWASP, CSV
/// injection).
fn inert(cell: String) -> String {
    let is_formula =
        cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if is_formula || cell.starts_with(['\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        for formula in
            ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\rx", "=HYPERLINK(\"x\")", "\u{ff1d}1"]
        {
            assert_eq!(inert(formula.to_owned()), format!("'{formula}"));
        }
        for text in ["", "Compiling", "1 + 1 = 2", "'=1"] {
            assert_eq!(inert(text.to_owned()), text);
        }
    }
}
