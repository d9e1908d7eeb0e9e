//! One line for each request that failed or was slow; for all of them at `debug`.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;

use crate::app::AppState;
use crate::client_address::client_address;
use xkcd_domain::error_chain::Chain;

use crate::error::AppError;

/// From when on a request is logged though it went well.
const SLOW: Duration = Duration::from_secs(1);
/// How much of a path is logged: a client may send kilobytes.
const LONGEST_PATH: usize = 200;
/// What load balancers of AWS name a request by.
const TRACE_ID: &str = "x-amzn-trace-id";
const LONGEST_TRACE_ID: usize = 128;

/// A request that was answered.
pub(crate) struct Finished<'a> {
    /// The name of its route: a bounded set, unlike paths.
    pub(crate) route: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) status: u16,
    pub(crate) took: Duration,
    path: &'a str,
    trace_id: Option<&'a str>,
    client: Option<IpAddr>,
    failure: Option<&'a AppError>,
}

impl<'a> Finished<'a> {
    pub(super) fn new<B>(response: &'a ServiceResponse<B>, took: Duration, state: &AppState) -> Self {
        let request = response.request();
        let headers = request.headers();
        let fit = |id: &&str| id.len() <= LONGEST_TRACE_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        Self {
            route: request.match_name().unwrap_or("unmatched"),
            method: request.method(),
            status: response.status().as_u16(),
            took,
            path: shortened(request.path()),
            trace_id: headers.get(TRACE_ID).and_then(|id| id.to_str().ok()).filter(fit),
            client: client_address(headers, request.peer_addr().map(|it| it.ip()), state.trusted_proxies),
            failure: response.response().error().and_then(|error| error.as_error()),
        }
    }

    /// Logs it once: here ends every failure of a request.
    pub(super) fn log(&self) {
        let has_cause = self.failure.is_some_and(|failure| failure.source().is_some());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    event = "request",
                    http.method = %self.method,
                    http.path = self.path,
                    http.route = self.route,
                    http.status = self.status,
                    duration.seconds = self.took.as_secs_f64(),
                    client.address = self.client.map(tracing::field::display),
                    trace.id = self.trace_id,
                    error = self.failure.map(|failure| tracing::field::display(Chain(failure))),
                )
            };
        }
        if self.status >= 500 && has_cause {
            line!(warn);
        } else if self.status >= 400 || self.took > SLOW {
            line!(info);
        } else {
            line!(debug);
        }
    }
}

fn shortened(path: &str) -> &str {
    &path[..path.floor_char_boundary(LONGEST_PATH)]
}
