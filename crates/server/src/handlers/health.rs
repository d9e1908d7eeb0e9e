//! What supervisors and load balancers ask. Nothing here waits for anything.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, Responder, web};
use serde::Serialize;

use crate::app::AppState;

/// `/health/live`: 200 while the process can answer.
pub async fn live() -> impl Responder {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).content_type("text/plain").body("live\n")
}

/// What `/health/ready` answers.
#[derive(Serialize)]
struct Readiness {
    /// `ready`, `starting` or `draining`.
    status: &'static str,
    /// What does not work at the moment, though pages are served.
    degraded: Vec<&'static str>,
}

/// `/health/ready`: 503 until the view store and its schema were reached once, and while the app is about to
/// end. A later outage leaves it at 200: taking every instance out of service would help nobody.
pub async fn ready(state: web::Data<AppState>) -> impl Responder {
    let status = match (state.is_draining(), state.parts.store_was_reached()) {
        (true, _) => "draining",
        (false, false) => "starting",
        (false, true) => "ready",
    };
    let mut answer = if status == "ready" { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let body = Readiness { status, degraded: state.parts.degraded() };
    answer.insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// What `/version` answers.
#[derive(Serialize)]
struct Version {
    name: &'static str,
    version: &'static str,
}

/// `/version`: which release this is.
pub async fn version() -> impl Responder {
    let version = Version { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(version)
}
