//! The page of a comic, drawn at random or asked for by its number.
//!
//! A view is one GET of such a page that was answered 200. A HEAD gets the same answer without its body and
//! counts nothing; a prefetch is sent away, so that the real visit is made later. Neither moves the deck.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderName, LOCATION, SET_COOKIE, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use xkcd_domain::comic::{ComicNumber, Sourced};
use xkcd_domain::views::ViewCount;
use xkcd_group_commit::Counted;

use crate::app::AppState;
use crate::deck_cookie;
use crate::error::AppError;
use crate::middleware::takes_gzip;
use crate::navigation::Navigation;
use crate::pages::{Encoding, Encounter, HTML, comic_path};

/// The longest time for the comic.
pub(super) const TIME_FOR_COMIC: Duration = Duration::from_secs(1);
/// The longest time for the count.
const TIME_FOR_COUNT: Duration = Duration::from_secs(1);
/// The longest time for both, so that with all that is left to do a page takes two seconds at most.
const TIME_FOR_PAGE: Duration = Duration::from_millis(1_750);

/// A page is revalidated on a visit, and may come from the browser's memory on the way back.
const KEPT_BY_BROWSER: (HeaderName, &str) = (CACHE_CONTROL, "private, no-cache");

/// There is another form of each page.
const DIFFERS: (HeaderName, &str) = (VARY, "accept-encoding");

/// In which headers browsers say that nobody looks yet.
static PURPOSES: [HeaderName; 4] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
    HeaderName::from_static("x-purpose"),
];

/// `/`: the next comic of the visitor's deck.
///
/// # Errors
///
/// When no comic can be had, which means a fault in those that come with the app.
pub async fn random(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let is_view = is_view(&request)?;
    let decks = deck_cookie::read(&request);
    let began = Instant::now();
    let draw = state.parts.show_comic.random(decks, rand::random(), began + TIME_FOR_COMIC);
    let drawn = draw.await.map_err(AppError::NoComic)?;
    let mut answer = page(&request, &state, drawn.shown, drawn.stand_in, is_view, began).await?;
    if is_view {
        answer.headers_mut().append(SET_COOKIE, state.deck_cookie.header(&drawn.decks));
    }
    Ok(answer)
}

/// `/N/`: one comic.
///
/// # Errors
///
/// When there is none of that number, or it can't be had.
pub async fn by_number(
    request: HttpRequest,
    number: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, AppError> {
    let is_view = is_view(&request)?;
    let number = parse(&number)?;
    let began = Instant::now();
    let shown = state.parts.show_comic.by_number(number, began + TIME_FOR_COMIC).await;
    let shown = shown.map_err(|cause| AppError::ComicUnavailable { number, cause })?;
    let shown = shown.ok_or(AppError::NoSuchComic(Some(number.get())))?;
    page(&request, &state, shown, false, is_view, began).await
}

/// `/N`: leads to `/N/`, in an address built from the number.
///
/// # Errors
///
/// When that is not the number of a comic.
pub async fn without_slash(number: web::Path<String>) -> Result<HttpResponse, AppError> {
    let path = comic_path(parse(&number)?);
    Ok(HttpResponse::PermanentRedirect().insert_header((LOCATION, path)).finish())
}

fn parse(number: &str) -> Result<ComicNumber, AppError> {
    number.parse().map_err(|_| {
        // Only #404 has neighbours, though it is no comic; `007` is not a way to write 7.
        AppError::NoSuchComic((number == "404").then_some(404))
    })
}

/// Whether an answer will be a view.
fn is_view(request: &HttpRequest) -> Result<bool, AppError> {
    let headers = PURPOSES.iter().filter_map(|name| request.headers().get(name));
    let prefetches = headers.filter_map(|purpose| purpose.to_str().ok());
    for purpose in prefetches {
        if purpose.split([';', ',', ' ']).any(|word| word.eq_ignore_ascii_case("prefetch")) {
            return Err(AppError::Prefetch);
        }
    }
    Ok(*request.method() == Method::GET)
}

async fn page(
    request: &HttpRequest,
    state: &AppState,
    shown: Sourced,
    stand_in: bool,
    is_view: bool,
    began: Instant,
) -> Result<HttpResponse, AppError> {
    let number = shown.comic.number;
    let range = state.parts.show_comic.source_of(number).range(began + TIME_FOR_COMIC).await.ok();
    let views = if is_view { count(state, number, began).await? } else { None };
    let encounter = Encounter { shown, navigation: Navigation::around(number.get(), range), stand_in };
    let mut answer = HttpResponse::Ok();
    answer.content_type(HTML).insert_header(KEPT_BY_BROWSER).insert_header(DIFFERS);
    let encoding = if takes_gzip(request) { Encoding::Gzip } else { Encoding::Identity };
    if encoding == Encoding::Gzip {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(answer.body(state.pages.comic(&encounter, &state.assets, views, encoding)?))
}

/// Counts a view; the number if it was stored in time.
async fn count(state: &AppState, number: ComicNumber, began: Instant) -> Result<Option<ViewCount>, AppError> {
    let deadline = (Instant::now() + TIME_FOR_COUNT).min(began + TIME_FOR_PAGE);
    match state.parts.views.count(number, deadline).await {
        Ok(Counted::Stored(views)) => Ok(Some(views)),
        Ok(Counted::Waiting) => Ok(None),
        Err(closed) => Err(AppError::Stopping(closed)),
    }
}
