//! The page of a comic, drawn at random or asked for by its number.
//!
//! A view is one GET of such a page that was answered 200. A HEAD gets the same answer without its body and
//! counts nothing; a prefetch is sent away, so that the real visit is made later. Neither moves the deck.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use xkcd_domain::comic::{ComicNumber, Sourced};
use xkcd_domain::views::ViewCount;
use xkcd_group_commit::Counted;

use crate::app::AppState;
use crate::deck_cookie;
use crate::error::AppError;
use crate::navigation::Navigation;
use crate::pages::{Encounter, HTML, comic_path};

/// The longest time for the comic.
pub(super) const TIME_FOR_COMIC: Duration = Duration::from_secs(1);
/// The longest time for the count, and with the comic for the page.
const TIME_FOR_COUNT: Duration = Duration::from_secs(1);

/// A page is revalidated on a visit, and may come from the browser's memory on the way back.
const KEPT_BY_BROWSER: (HeaderName, &str) = (CACHE_CONTROL, "private, no-cache");

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
    let deadline = Instant::now() + TIME_FOR_COMIC;
    let drawn =
        state.parts.show_comic.random(decks, rand::random(), deadline).await.map_err(AppError::NoComic)?;
    let mut answer = page(&state, drawn.shown, drawn.stand_in, is_view, deadline).await?;
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
    let deadline = Instant::now() + TIME_FOR_COMIC;
    let shown = state.parts.show_comic.by_number(number, deadline).await;
    let shown = shown.map_err(|cause| AppError::ComicUnavailable { number, cause })?;
    let shown = shown.ok_or(AppError::NoSuchComic(Some(number.get())))?;
    page(&state, shown, false, is_view, deadline).await
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
    state: &AppState,
    shown: Sourced,
    stand_in: bool,
    is_view: bool,
    deadline: Instant,
) -> Result<HttpResponse, AppError> {
    let number = shown.comic.number;
    let range = state.parts.show_comic.source_of(number).range(deadline).await.ok();
    let views = if is_view { count(state, number).await? } else { None };
    let navigation = Navigation::around(number.get(), range);
    let html = state.pages.comic(&Encounter { shown, navigation, stand_in }, &state.assets, views)?;
    Ok(HttpResponse::Ok().content_type(HTML).insert_header(KEPT_BY_BROWSER).body(html))
}

/// Counts a view; the number if it was stored in time.
async fn count(state: &AppState, number: ComicNumber) -> Result<Option<ViewCount>, AppError> {
    match state.parts.views.count(number, Instant::now() + TIME_FOR_COUNT).await {
        Ok(Counted::Stored(views)) => Ok(Some(views)),
        Ok(Counted::Waiting) => Ok(None),
        Err(closed) => Err(AppError::Stopping(closed)),
    }
}
