//! Files that are the same for everybody.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, ETAG, ETag, Header, IfNoneMatch, TryIntoHeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::AppState;
use crate::assets::{Asset, Document};
use crate::error::AppError;
use crate::middleware::takes_gzip;

/// The name of a file under an address with its hash never changes its content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_DAY: &str = "public, max-age=86400";
/// Under the address of another content nothing is kept.
const NOT_AT_ALL: &str = "no-store";

/// `/static/…`: an embedded file, compressed where the client takes that. Under the address that another release has
/// for it, it is the file of this one.
///
/// # Errors
///
/// When there is no such file.
pub async fn asset(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    if let Some(asset) = state.assets.at(request.path()) {
        return Ok(send(&request, asset, FOR_EVER));
    }
    let asset = state.assets.of_another_release(request.path()).ok_or(AppError::NotFound)?;
    Ok(send(&request, asset, NOT_AT_ALL))
}

/// `/favicon.ico`, for browsers that ask without having seen a page.
///
/// # Errors
///
/// When it is not among the embedded files.
pub async fn favicon(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, AppError> {
    let path = state.assets.path_of("favicon.ico").ok_or(AppError::NotFound)?;
    let asset = state.assets.at(path).ok_or(AppError::NotFound)?;
    Ok(send(&request, asset, FOR_A_DAY))
}

/// `/robots.txt`: pages may be found; the data behind them is no page to keep. The admin site is not named: it
/// shows nobody more than a form, and what is listed here everybody reads.
pub async fn robots(request: HttpRequest) -> HttpResponse {
    let plain = Bytes::from_static(b"User-agent: *\nDisallow: /api/\n");
    let asset = Asset { content_type: "text/plain; charset=utf-8", plain, gzip: None, size: None };
    send(&request, &asset, FOR_A_DAY)
}

/// Everything else.
///
/// # Errors
///
/// Always.
pub async fn nothing() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}

/// A document, or the word that the one the client has is still good.
pub(super) fn send_document(request: &HttpRequest, document: &Document, kept: &'static str) -> HttpResponse {
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&document.tag)),
        Err(_) => false,
    };
    let mut answer = if is_known {
        let mut answer = HttpResponse::NotModified();
        answer.insert_header((CACHE_CONTROL, kept)).insert_header((VARY, "accept-encoding"));
        answer.finish()
    } else {
        send(request, &document.asset, kept)
    };
    if let Ok(tag) = ETag(document.tag.clone()).try_into_value() {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer
}

fn send(request: &HttpRequest, asset: &Asset, kept: &'static str) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.content_type(asset.content_type).insert_header((CACHE_CONTROL, kept));
    let takes_gzip = takes_gzip(request);
    match &asset.gzip {
        Some(gzip) if takes_gzip => {
            answer.insert_header((VARY, "accept-encoding")).insert_header((CONTENT_ENCODING, "gzip"));
            answer.body(gzip.clone())
        }
        // The middleware compresses it, and says by itself that there is another form.
        None if takes_gzip => answer.body(asset.plain.clone()),
        _ => answer.insert_header((VARY, "accept-encoding")).body(asset.plain.clone()),
    }
}
