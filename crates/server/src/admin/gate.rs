//! What holds for everything under `/admin`.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::AdminError;
use crate::app::AppState;
use crate::config::PublicUrl;
use crate::error::AppError;

/// Whether the admin site may be used under the public URL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    is_open: bool,
}

impl Gate {
    /// Without TLS only where nothing leaves the machine.
    pub(super) fn new(public_url: &PublicUrl) -> Self {
        Self { is_open: public_url.is_https() || public_url.is_loopback() }
    }
}

/// Refuses where passwords would travel in the clear, and lets nobody keep a page.
pub(super) async fn keep(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !state.admin.gate.is_open {
        return Ok(request.error_response(AppError::from(AdminError::NoTls)));
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_open_behind_tls_and_on_this_machine() {
        let is_open = |url: &str| Gate::new(&url.parse().unwrap()).is_open;
        for open in ["https://a.example", "http://localhost:8000", "http://127.0.0.1", "http://[::1]:1"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["http://a.example", "http://10.0.0.1", "http://localhost.example", "http://0.0.0.0"] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
