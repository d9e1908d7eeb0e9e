//! Pages that list comics: the most viewed, all of them, those that were looked for, the newest as a feed.
//! To look at them is no view of a comic.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use xkcd_domain::comic::Comic;

use super::files;
use crate::app::AppState;
use crate::error::AppError;
use crate::fields::Fields;
use crate::pages::{FoundComic, HTML, PopularPage, SearchPage};

/// Lists are asked for again on each visit, and sent again when they changed.
const REVALIDATED: &str = "no-cache";
/// What never changes while the app runs.
const FOR_AN_HOUR: &str = "public, max-age=3600";
/// How many comics a page of found ones has.
const FOUND_PER_PAGE: usize = 50;
/// The longest search, in characters.
const LONGEST_QUERY: usize = 200;

/// `/popular/`: the most viewed comics.
///
/// # Errors
///
/// When the counts can't be read and never could.
pub async fn popular(state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let ranking = state.counts.ranking(&state.parts).await?;
    let comic = |number| state.parts.show_comic.source_of(number).in_memory(number).map(|it| it.comic);
    let ranked: Vec<_> =
        ranking.comics.iter().map(|(number, views)| (*number, *views, comic(*number))).collect();
    let stale_since = ranking.stale.then_some(ranking.read_at);
    Ok(html(StatusCode::OK, state.pages.popular(&PopularPage::new(&ranked, stale_since))?))
}

/// `/archive/`: all comics.
///
/// # Errors
///
/// When the page can't be made.
pub async fn archive(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let edition = state.catalogue.edition(&state.parts.show_comic).await;
    Ok(files::send_document(&request, edition.archive(&state).await?, REVALIDATED))
}

/// `/feed.xml`: the newest comics.
///
/// # Errors
///
/// When the feed can't be made.
pub async fn feed(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let edition = state.catalogue.edition(&state.parts.show_comic).await;
    Ok(files::send_document(&request, edition.feed(&state).await?, REVALIDATED))
}

/// `/about/`: what the site is.
///
/// # Errors
///
/// When the page can't be made.
pub async fn about(state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let page = state.pages.about()?;
    Ok(HttpResponse::Ok().content_type(HTML).insert_header((CACHE_CONTROL, FOR_AN_HOUR)).body(page))
}

/// `/search/?q=WORDS&page=N`: comics by number, title and caption.
///
/// # Errors
///
/// When the page can't be made.
pub async fn search(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let fields = Fields::of_query(&request);
    let asked = fields.get("q").trim();
    if asked.chars().count() > LONGEST_QUERY {
        let page = SearchPage { query: asked, longest: Some(LONGEST_QUERY), ..SearchPage::default() };
        return Ok(html(StatusCode::BAD_REQUEST, state.pages.search(&page)?));
    }
    if asked.is_empty() {
        return Ok(html(StatusCode::OK, state.pages.search(&SearchPage::default())?));
    }
    let edition = state.catalogue.edition(&state.parts.show_comic).await;
    let found = edition.search(asked.to_owned()).await?;
    Ok(html(
        StatusCode::OK,
        state.pages.search(&found_page(asked, &found, fields.parse("page").unwrap_or(1)))?,
    ))
}

fn found_page<'a>(query: &'a str, found: &'a [Arc<Comic>], page: usize) -> SearchPage<'a> {
    let pages = found.len().div_ceil(FOUND_PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    let on_page = found.iter().skip((page - 1) * FOUND_PER_PAGE).take(FOUND_PER_PAGE);
    SearchPage {
        query,
        longest: None,
        found: Some(found.len()),
        comics: on_page.map(|comic| FoundComic::from(comic.as_ref())).collect(),
        previous: (page > 1).then(|| path_of(query, page - 1)),
        next: (page < pages).then(|| path_of(query, page + 1)),
    }
}

fn path_of(query: &str, page: usize) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.append_pair("q", query).append_pair("page", &page.to_string());
    format!("/search/?{}", fields.finish())
}

fn html(status: StatusCode, page: String) -> HttpResponse {
    HttpResponse::build(status).content_type(HTML).insert_header((CACHE_CONTROL, REVALIDATED)).body(page)
}
