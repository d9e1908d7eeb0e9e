//! Pages that list comics: the most viewed, all of them, those that were looked for, the newest as a feed.
//! To look at them is no view of a comic.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use xkcd_domain::comic::Comic;
use xkcd_domain::search::Query;
use xkcd_domain::text;

use super::files;
use crate::app::AppState;
use crate::assets::Document;
use crate::catalogue::on_a_thread;
use crate::counts::Ranking;
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
pub async fn popular(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let ranking = state.counts.ranking(&state.parts).await?;
    let make = || {
        let (ranking, state) = (ranking.clone(), state.clone());
        on_a_thread(move || popular_page(&ranking, &state))
    };
    Ok(files::send_document(&request, ranking.page.get_or_try_init(make).await?, REVALIDATED))
}

fn popular_page(ranking: &Ranking, state: &AppState) -> Result<Document, AppError> {
    let comic = |number| state.parts.show_comic.source_of(number).in_memory(number).map(|it| it.comic);
    let ranked: Vec<_> =
        ranking.comics.iter().map(|(number, views)| (*number, *views, comic(*number))).collect();
    let stale_since = ranking.stale.then_some(ranking.read_at);
    let page = state.pages.popular(&PopularPage::new(&ranked, stale_since))?;
    Ok(Document::new(HTML, page.into()))
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
pub async fn about(request: HttpRequest, state: web::Data<AppState>) -> HttpResponse {
    files::send_document(&request, &state.about, FOR_AN_HOUR)
}

/// `/search/?q=WORDS&page=N`: comics by number, title and caption.
///
/// # Errors
///
/// When the page can't be made.
pub async fn search(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let fields = Fields::of_query(&request);
    // What is no letter of any kind only separates words.
    let asked = fields.get("q").replace(|letter: char| letter.is_control() || !text::is_fit(letter), " ");
    let asked = asked.trim();
    if asked.chars().count() > LONGEST_QUERY {
        let page = SearchPage { query: asked, longest: Some(LONGEST_QUERY), ..SearchPage::default() };
        return Ok(html(StatusCode::BAD_REQUEST, state.pages.search(&page)?));
    }
    if asked.is_empty() {
        return Ok(html(StatusCode::OK, state.pages.search(&SearchPage::default())?));
    }
    let edition = state.catalogue.edition(&state.parts.show_comic).await;
    let query = Query::new(asked);
    let most_words = query.leaves_out().then_some(Query::MOST_WORDS);
    let found = edition.search(query).await?;
    let page = found_page(asked, &found, fields.parse("page").unwrap_or(1));
    Ok(html(StatusCode::OK, state.pages.search(&SearchPage { most_words, ..page })?))
}

fn found_page<'a>(query: &'a str, found: &'a [Arc<Comic>], page: usize) -> SearchPage<'a> {
    let pages = found.len().div_ceil(FOUND_PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    let on_page = found.iter().skip((page - 1) * FOUND_PER_PAGE).take(FOUND_PER_PAGE);
    SearchPage {
        query,
        longest: None,
        most_words: None,
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
