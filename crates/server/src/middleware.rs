//! The edge of the app: what holds for every request and every answer.

mod request_id;
mod request_log;
mod security_headers;

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AcceptEncoding, Encoding, HOST, Header, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use tracing::Instrument;

use crate::app::AppState;
use crate::error::{self, AppError};
use crate::handlers::api;
use crate::pages::HTML;
use request_id::RequestId;
pub(crate) use request_log::Finished;
pub use security_headers::SecurityHeaders;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");
/// Under which header each answer carries its request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives a request its id, adds the security headers, measures and logs. The outermost.
///
/// # Errors
///
/// What the framework makes of a request that it can't hand over.
pub async fn edge(
    state: web::Data<AppState>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let id = RequestId::random();
    let span = tracing::info_span!("request", request.id = %id);
    let _in_flight = state.traffic.begin();

    negotiate(&mut request);
    request.extensions_mut().insert(id.clone());
    let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let response = complete(response, &id, &state);
    let finished = Finished::new(&response, began.elapsed(), &state);
    state.metrics.requests.observe(&finished);
    span.in_scope(|| finished.log());
    Ok(response)
}

/// Refuses foreign hosts, and gives errors their page. Inside of compression, which pages of errors get like others.
///
/// # Errors
///
/// As with [`edge`].
pub async fn answer(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = if is_for_us(&request, &state) {
        next.call(request).await?.map_into_boxed_body()
    } else {
        request.error_response(AppError::ForeignHost)
    };
    Ok(if is_page_missing(response.response()) { with_page(response, &state).await } else { response })
}

/// Load balancers ask for health under the address of the task, which is no host of ours.
fn is_for_us(request: &ServiceRequest, state: &AppState) -> bool {
    if request.path().starts_with("/health/") {
        return true;
    }
    let allowed = |host: &str| state.allowed_hosts.allows(host, &state.public_url);
    let mut hosts = request.headers().get_all(HOST);
    let (host, another) = (hosts.next(), hosts.next());
    let named = host.and_then(|host| host.to_str().ok()).is_some_and(allowed);
    // A request line may name a host as well, which a proxy may have gone by.
    let target = request.uri().authority().is_none_or(|authority| allowed(authority.as_str()));
    named && another.is_none() && target
}

async fn with_page(response: ServiceResponse<BoxBody>, state: &AppState) -> ServiceResponse<BoxBody> {
    let (request, mut response) = response.into_parts();
    let (status, failure) = (response.status(), failure(&response));
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let (content_type, body) = if is_for_programs(&request) {
        ("application/problem+json", error::problem(status, failure, &id))
    } else {
        let was_sent = !request.method().is_safe();
        (HTML, error::page(status, failure, was_sent, &id, state).await)
    };
    error::add_headers(status, content_type, response.headers_mut());
    let response = response.set_body(BoxBody::new(body));
    ServiceResponse::new(request, response)
}

fn complete(
    response: ServiceResponse<BoxBody>,
    id: &RequestId,
    state: &AppState,
) -> ServiceResponse<BoxBody> {
    let (request, mut response) = response.into_parts();
    let headers = response.headers_mut();
    if is_for_programs(&request) {
        // What anybody may read, a script of any page may read.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let exposed = HeaderValue::from_static("x-request-id, retry-after");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    state.security_headers.add_to(headers);
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    let is_foreign = matches!(failure(&response), Some(AppError::ForeignHost));
    if is_foreign || state.is_draining() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    ServiceResponse::new(request, response)
}

fn is_for_programs(request: &HttpRequest) -> bool {
    request.path().starts_with(api::BASE)
}

fn failure<B>(response: &HttpResponse<B>) -> Option<&AppError> {
    response.error()?.as_error()
}

/// Settles which encoding an answer may have: the header names that one from here on. A wish that nothing can meet is
/// dropped: then any will do (RFC 9110, section 12.5.3), and an answer is better than none.
fn negotiate(request: &mut ServiceRequest) {
    if !request.headers().contains_key(header::ACCEPT_ENCODING) {
        return;
    }
    let accepts = AcceptEncoding::parse(request).ok();
    let settled =
        accepts.as_ref().and_then(|it| it.negotiate([Encoding::gzip(), Encoding::identity()].iter()));
    let headers = request.headers_mut();
    match settled {
        Some(encoding) if encoding == Encoding::gzip() => headers.insert(header::ACCEPT_ENCODING, GZIP),
        Some(_) => headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        None => headers.remove(header::ACCEPT_ENCODING),
    };
}

/// Whether the client would rather have an answer as a gzip file.
pub(crate) fn takes_gzip(request: &HttpRequest) -> bool {
    request.headers().get(header::ACCEPT_ENCODING).is_some_and(|settled| settled == GZIP)
}

/// Errors come without a page, from handlers and from the framework alike. Health answers have a body of their
/// own, and forms that are shown again are pages.
fn is_page_missing(response: &HttpResponse) -> bool {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    is_error && kind != b"application/json" && !kind.starts_with(b"text/html")
}
