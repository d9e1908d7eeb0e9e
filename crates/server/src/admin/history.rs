//! What admins did to the counts: of all comics, or of one.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use time::macros::format_description;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{Change, HistoryEntry, HistoryQuery};
use xkcd_domain::views::ViewCount;

use super::pages::Page;
use super::{Fields, SignedIn, titles};
use crate::app::AppState;
use crate::error::AppError;
use crate::pages::grouped;

/// How many entries a page has.
const ENTRIES: u32 = 50;

/// An entry as pages show it.
#[derive(Debug, Serialize)]
pub(super) struct ShownEntry {
    id: i64,
    /// As machines and as people write it.
    at: [String; 2],
    by: String,
    number: u32,
    title: Option<String>,
    what: &'static str,
    old: Option<String>,
    new: Option<String>,
    delta: String,
}

impl ShownEntry {
    pub(super) fn new(state: &AppState, entry: &HistoryEntry) -> Self {
        let minute = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
        let machine = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        let (what, old, new) = match entry.change {
            Change::Added { views } => ("Added", None, Some(views)),
            Change::Adjusted { seen, wanted } if wanted.get() == 0 => ("Reset", Some(seen), Some(wanted)),
            Change::Adjusted { seen, wanted } => ("Changed", Some(seen), Some(wanted)),
            Change::Removed { views } => ("Deleted", Some(views), None),
        };
        let shown = |views: Option<ViewCount>| views.map(|views| grouped(views.get()));
        let sign = if entry.delta < 0 { '\u{2212}' } else { '+' };
        Self {
            id: entry.id,
            // A moment that can't be written is one that no clock shows.
            at: [entry.at.format(&machine).unwrap_or_default(), entry.at.format(&minute).unwrap_or_default()],
            by: entry.by.to_string(),
            number: entry.comic.get(),
            title: titles::of(state, entry.comic),
            what,
            old: shown(old),
            new: shown(new),
            delta: format!("{sign}{}", grouped(entry.delta.unsigned_abs())),
        }
    }
}

/// What the page shows.
#[derive(Serialize)]
struct HistoryPage {
    comic: Option<u32>,
    title: Option<String>,
    entries: Vec<ShownEntry>,
    first: Option<String>,
    next: Option<String>,
}

/// `GET /admin/history/`.
///
/// # Errors
///
/// When the query can't be read, or the history can't be had.
pub(crate) async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    who: SignedIn,
) -> Result<HttpResponse, AppError> {
    let fields = Fields::of_query(&request);
    let comic: Option<ComicNumber> = fields.optional("comic", "That is not the number of a comic.")?;
    let before: Option<i64> = fields.optional("before", "That is not a place in the history.")?;
    let query = HistoryQuery { comic, before, limit: ENTRIES + 1 };
    let mut entries = state.admin.ports.ledger.history(&query).await?;
    // One more than is shown, to know whether there is one.
    let has_more = entries.len() > ENTRIES as usize;
    entries.truncate(ENTRIES as usize);
    let last = entries.last().map(|entry| entry.id).filter(|_| has_more);
    let page = HistoryPage {
        comic: comic.map(ComicNumber::get),
        title: comic.and_then(|comic| titles::of(&state, comic)),
        entries: entries.iter().map(|entry| ShownEntry::new(&state, entry)).collect(),
        first: before.map(|_| address(comic, None)),
        next: last.map(|last| address(comic, Some(last))),
    };
    Page::of("history", "admin/history.html", &who).render(&state, &page)
}

fn address(comic: Option<ComicNumber>, before: Option<i64>) -> String {
    let comic = comic.map(|comic| format!("comic={comic}"));
    let before = before.map(|before| format!("before={before}"));
    let query: Vec<_> = comic.into_iter().chain(before).collect();
    if query.is_empty() {
        "/admin/history/".to_owned()
    } else {
        format!("/admin/history/?{}", query.join("&"))
    }
}
