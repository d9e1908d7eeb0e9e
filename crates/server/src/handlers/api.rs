//! The same for programs: JSON, described by an `OpenAPI` document that is made from the types here. Reads are
//! no views.

use std::time::Instant;

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL,
};
use actix_web::{HttpRequest, HttpResponse, Resource, guard, web};
use serde::Serialize;

use utoipa::openapi::ServerBuilder;
use utoipa::{OpenApi, ToSchema};
use xkcd_domain::comic::{Comic, ComicNumber, ImageUrl, LinkUrl, Sourced};
use xkcd_domain::show_comic::Decks;
use xkcd_domain::views::ViewCount;

use super::comic::TIME_FOR_COMIC;
use crate::app::AppState;
use crate::counts::{self, LISTED};
use crate::error::{AppError, Problem};
use crate::fields::Fields;
use crate::pages::comic_path;

/// The path under which everything is for programs.
pub const BASE: &str = "/api/";

/// How many comics are ranked when nobody says.
const RANKED: u32 = 10;

/// The description of all that is here.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "XKCD App",
        description = "Comics and how often they were viewed. Reads are no views.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(by_number, random, popular)
)]
struct Description;

/// A comic, and how often it was viewed here.
#[derive(Serialize, ToSchema)]
struct ComicAnswer<'a> {
    /// Its number. There is no #404; numbers from 1000001 on are comics that come with the app.
    #[schema(minimum = 1)]
    number: u32,
    /// Its title, plain text.
    title: &'a str,
    /// The text that xkcd.com shows when the pointer rests on the image.
    #[schema(required)]
    caption: Option<&'a str>,
    /// What is drawn and said in it, where an honest text is known.
    #[schema(required)]
    transcript: Option<&'a str>,
    /// The address of its image, if it is a single image.
    #[schema(required)]
    image: Option<String>,
    /// Where it leads when it is clicked.
    #[schema(required)]
    link: Option<&'a str>,
    /// Whether it is more than an image, to be seen on xkcd.com.
    interactive: bool,
    /// The day it came out.
    #[schema(required, format = Date)]
    published: Option<String>,
    /// How often it was viewed here; null while that is not known.
    #[schema(required, minimum = 0)]
    views: Option<u64>,
    /// The address of its page.
    url: String,
    /// Whether this is older than it should be, because xkcd.com can't be reached.
    stale: bool,
}

/// The comics with the most views.
#[derive(Serialize, ToSchema)]
struct PopularAnswer {
    /// Most views first; of equals the one with the lower number.
    comics: Vec<RankedComic>,
    /// Whether the counts are those of an earlier moment, because they can't be read right now.
    stale: bool,
}

/// A comic with its views.
#[derive(Serialize, ToSchema)]
struct RankedComic {
    /// Its number.
    #[schema(minimum = 1)]
    number: u32,
    /// Its title; null when it is not at hand.
    #[schema(required)]
    title: Option<String>,
    /// How often it was viewed here.
    #[schema(minimum = 1)]
    views: u64,
    /// The address of its page.
    url: String,
}

/// A comic by its number.
///
/// # Errors
///
/// When there is none, or it can't be had.
#[utoipa::path(
    get,
    path = "/api/comics/{number}",
    operation_id = "comicByNumber",
    summary = "A comic by its number",
    description = "The comic, and how often it was viewed here. Numbers from 1000001 on are comics that come with the app.",
    params(("number" = u32, Path, description = "The number of the comic", minimum = 1)),
    responses(
        (status = 200, description = "The comic", body = ComicAnswer<'_>, content_type = "application/json"),
        (status = 404, description = "There is no such comic", body = Problem<'_>, content_type = "application/problem+json"),
        (status = 503, description = "It can't be had right now", body = Problem<'_>, content_type = "application/problem+json"),
    )
)]
pub async fn by_number(
    number: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, AppError> {
    let number: ComicNumber = number.parse().map_err(|_| AppError::NoSuchComic(None))?;
    let shown = state.parts.show_comic.by_number(number, Instant::now() + TIME_FOR_COMIC).await;
    let shown = shown.map_err(|cause| AppError::ComicUnavailable { number, cause })?;
    Ok(comic(&state, &shown.ok_or(AppError::NoSuchComic(None))?).await)
}

/// A comic drawn at random. It may be one that was drawn before: there is no deck without a visitor.
///
/// # Errors
///
/// When no comic can be had.
#[utoipa::path(
    get,
    path = "/api/comics/random",
    operation_id = "randomComic",
    summary = "A comic drawn at random",
    description = "It may be one that was drawn before: there is no deck without a visitor.",
    responses(
        (status = 200, description = "A comic", body = ComicAnswer<'_>, content_type = "application/json"),
        (status = 503, description = "None can be had right now", body = Problem<'_>, content_type = "application/problem+json"),
    )
)]
pub async fn random(state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let deadline = Instant::now() + TIME_FOR_COMIC;
    let drawn = state.parts.show_comic.random(Decks::default(), rand::random(), deadline).await;
    Ok(comic(&state, &drawn.map_err(AppError::NoComic)?.shown).await)
}

/// The comics with the most views.
///
/// # Errors
///
/// When the counts can't be read and never could, or the limit is none.
#[utoipa::path(
    get,
    path = "/api/popular",
    operation_id = "popularComics",
    summary = "The comics with the most views",
    description = "Read from the store at most once a second.",
    params(("limit" = Option<u32>, Query, description = "How many at most: 10 unless said otherwise", minimum = 1, maximum = 100)),
    responses(
        (status = 200, description = "The ranking", body = PopularAnswer, content_type = "application/json"),
        (status = 400, description = "The limit is none", body = Problem<'_>, content_type = "application/problem+json"),
        (status = 503, description = "The counts can't be read right now", body = Problem<'_>, content_type = "application/problem+json"),
    )
)]
pub async fn popular(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let limit = limit(&Fields::of_query(&request))?;
    let ranking = state.counts.ranking(&state.parts).await?;
    let ranked = |(number, views): &(ComicNumber, ViewCount)| RankedComic {
        number: number.get(),
        title: state.parts.show_comic.source_of(*number).in_memory(*number).map(|it| it.comic.title.clone()),
        views: views.get(),
        url: state.public_url.with_path(&comic_path(*number)),
    };
    let comics = ranking.comics.iter().take(limit).map(ranked).collect();
    Ok(json(&PopularAnswer { comics, stale: ranking.stale }))
}

/// The description of the API.
pub async fn description(state: web::Data<AppState>) -> HttpResponse {
    let mut description = Description::openapi();
    description.servers = Some(vec![ServerBuilder::new().url(state.public_url.as_str()).build()]);
    json(&description)
}

/// What a browser asks before it lets a script of another page send more than a plain request. Any other
/// OPTIONS is refused as elsewhere.
#[must_use]
pub fn preflight() -> Resource {
    let asks =
        guard::fn_guard(|request| request.head().headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD));
    web::resource("/api/{path:.*}").name("/api/").guard(guard::Options()).guard(asks).to(|| async {
        HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "*"))
            .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
            .finish()
    })
}

fn limit(fields: &Fields) -> Result<usize, AppError> {
    let Some(limit) = fields.all("limit").next() else { return Ok(RANKED as usize) };
    let limit = limit.parse().ok().filter(|limit| (1..=LISTED).contains(limit));
    Ok(limit.ok_or(AppError::Parameter("The limit has to be a number from 1 to 100."))? as usize)
}

async fn comic(state: &AppState, shown: &Sourced) -> HttpResponse {
    let comic: &Comic = &shown.comic;
    let image = |image: &ImageUrl| {
        if image.is_local() { state.public_url.with_path(image.as_str()) } else { image.as_str().to_owned() }
    };
    // A comic is worth having without its count; why it can't be had shows in the metrics.
    let views = counts::count_of(&state.parts, comic.number).await.ok();
    json(&ComicAnswer {
        number: comic.number.get(),
        title: &comic.title,
        caption: comic.caption.as_deref(),
        transcript: comic.transcript.as_deref(),
        image: comic.image.as_ref().map(image),
        link: comic.link.as_ref().map(LinkUrl::as_str),
        interactive: comic.interactive,
        published: comic.published.map(|day| day.to_string()),
        views: views.map(ViewCount::get),
        url: state.public_url.with_path(&comic_path(comic.number)),
        stale: shown.stale,
    })
}

fn json(answer: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-cache")).json(answer)
}
