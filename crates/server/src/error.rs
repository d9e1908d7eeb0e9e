//! What a request can end with instead of what it asked for, and the page that says so.
//!
//! The one place that maps a failure to a status. The page depends on nothing that can be down.

use std::time::{Duration, Instant};

use actix_web::error::BlockingError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::comic_source::ComicSourceError;
use xkcd_group_commit::Closed;

use crate::admin::AdminError;
use crate::app::AppState;
use crate::counts::CountsUnavailable;
use crate::navigation::Navigation;
use crate::pages::{ErrorPage, PageFailure};

/// In how many seconds it is worth to ask again for what is not to be had now.
const RETRY_AFTER_SECONDS: &str = "10";

/// How long an error page waits to know the neighbours of a number: only right after the start it has to.
const TIME_FOR_NEIGHBOURS: Duration = Duration::from_millis(500);

/// What a request ends with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// There is nothing at that address.
    #[error("there is nothing at that address")]
    NotFound,
    /// There is no comic of that number; the number where it is one.
    #[error("there is no comic of that number")]
    NoSuchComic(Option<u32>),
    /// The comic can't be had at the moment.
    #[error("the comic can't be had")]
    ComicUnavailable {
        /// The comic.
        number: ComicNumber,
        /// Why.
        #[source]
        cause: ComicSourceError,
    },
    /// No comic at all can be had.
    #[error("no comic can be had")]
    NoComic(#[source] ComicSourceError),
    /// Nothing is known of the newest comics yet.
    #[error("the newest comics are not known")]
    NewestUnknown,
    /// The counts can't be read.
    #[error("the counts can't be listed")]
    Counts(#[from] CountsUnavailable),
    /// A parameter is not what it has to be.
    #[error("{0}")]
    Parameter(&'static str),
    /// A prefetch: nobody looks yet, so it is not a view, and the real visit is to come to the server.
    #[error("comics are not prefetched")]
    Prefetch,
    /// The request is for a host that the app does not answer for.
    #[error("the host is not one of this app")]
    ForeignHost,
    /// The app is about to end.
    #[error("the app is stopping")]
    Stopping(#[source] Closed),
    /// The thread for a longer piece of work broke down, or the app is about to end.
    #[error("the work could not be done")]
    Blocked(#[source] BlockingError),
    /// The admin site has another answer.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A page could not be made.
    #[error("the page can't be made")]
    Page(#[from] PageFailure),
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoSuchComic(_) => StatusCode::NOT_FOUND,
            Self::ForeignHost | Self::Parameter(_) => StatusCode::BAD_REQUEST,
            Self::ComicUnavailable { .. }
            | Self::NoComic(_)
            | Self::NewestUnknown
            | Self::Counts(_)
            | Self::Prefetch
            | Self::Blocked(_)
            | Self::Stopping(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Admin(error) => error.status(),
            Self::Page(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Status and headers only: the middleware adds the page, as for failures that come from the framework.
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Admin(error) => error.response(),
            _ => HttpResponse::new(self.status_code()),
        }
    }
}

/// The page of an answer that is an error; to a request that sent something, or only asked.
pub async fn page(
    status: StatusCode,
    error: Option<&AppError>,
    was_sent: bool,
    request_id: &str,
    state: &AppState,
) -> String {
    let (title, advice) = words(status, error, was_sent);
    let number = match error {
        Some(AppError::NoSuchComic(number)) => *number,
        Some(AppError::ComicUnavailable { number, .. }) => Some(number.get()),
        _ => None,
    };
    let on_xkcd = match error {
        Some(AppError::ComicUnavailable { number, .. }) if !number.is_built_in() => Some(number.get()),
        _ => None,
    };
    let navigation = match number {
        Some(number) => navigation_around(number, state).await,
        None => Navigation::default(),
    };
    let page = ErrorPage { status: status.as_u16(), title, advice, request_id, on_xkcd, navigation };
    state.pages.error(&page).unwrap_or_else(|_| format!("{title}\nRequest {request_id}\n"))
}

/// The same for programs: problem details (RFC 9457).
#[must_use]
pub fn problem(status: StatusCode, error: Option<&AppError>, request_id: &str) -> String {
    let (title, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => ("That can’t be done here", "Only GET and HEAD are answered."),
        _ => words(status, error, false),
    };
    let problem = Problem { title, status: status.as_u16(), detail, request_id };
    serde_json::to_string(&problem).unwrap_or_default()
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    /// In a few words.
    title: &'a str,
    /// The status code of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What to do about it.
    detail: &'a str,
    /// Under which id the log has the cause.
    request_id: &'a str,
}

/// The headers that go with [`page`] or [`problem`].
pub fn add_headers(status: StatusCode, content_type: &'static str, headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
}

/// The ways on from a number that is not shown.
async fn navigation_around(number: u32, state: &AppState) -> Navigation {
    let source = match ComicNumber::try_from(number) {
        Ok(number) => state.parts.show_comic.source_of(number),
        Err(_) => state.parts.show_comic.main_source(),
    };
    Navigation::around(number, source.range(Instant::now() + TIME_FOR_NEIGHBOURS).await.ok())
}

fn words(status: StatusCode, error: Option<&AppError>, was_sent: bool) -> (&'static str, &'static str) {
    match error {
        Some(AppError::NoSuchComic(Some(404))) => {
            ("There is no comic #404", "Its number is taken by the joke. Its neighbours are comics.")
        }
        Some(AppError::NoSuchComic(_)) => {
            ("There is no such comic", "The number is not that of a comic, or the comic is not out yet.")
        }
        Some(AppError::ComicUnavailable { cause: ComicSourceError::Corrupt(_), .. }) => (
            "This comic can’t be shown right now",
            "Where it comes from gave something that is no comic, and nobody asked for it here before. Try again later, or see another one.",
        ),
        Some(AppError::ComicUnavailable { .. }) => (
            "This comic can’t be had right now",
            "Where it comes from does not answer, and nobody asked for it here before. Try again in a moment, or see another one.",
        ),
        Some(AppError::NewestUnknown) => (
            "The newest comics can’t be had right now",
            "xkcd.com does not answer, and was not asked for them here before. Try again in a moment.",
        ),
        Some(AppError::Counts(_)) => {
            ("The counts can’t be read right now", "They are kept, and come back. Try again in a moment.")
        }
        Some(AppError::Parameter(advice)) => ("That was not understood", advice),
        Some(AppError::Prefetch) => ("Not loaded ahead", "A comic is shown when somebody looks."),
        Some(AppError::ForeignHost) => (
            "This address is not known here",
            "Check the address, or ask whoever runs this site to allow it.",
        ),
        Some(AppError::Admin(error)) => error.words(was_sent).unwrap_or_else(|| by_status(status)),
        _ => by_status(status),
    }
}

fn by_status(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("There is nothing here", "Check the address, or go on with a comic."),
        StatusCode::METHOD_NOT_ALLOWED => ("That can’t be done here", "Pages are there to be read."),
        StatusCode::PAYLOAD_TOO_LARGE => ("That is too large", "Send less."),
        StatusCode::REQUEST_TIMEOUT => ("That took too long", "Try again."),
        StatusCode::SERVICE_UNAVAILABLE => ("Not right now", "Try again in a moment."),
        status if status.is_client_error() => {
            ("That was not understood", "Check the address, and try again.")
        }
        _ => (
            "Something went wrong here",
            "Try again. If it stays so, tell whoever runs this site the request below.",
        ),
    }
}
