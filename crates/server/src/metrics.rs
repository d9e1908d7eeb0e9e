//! What is measured, for Prometheus.

mod open_files;

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::composition::{Parts, PoolFigures};
use crate::middleware::Finished;

/// The content type of what [`Metrics::encode`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds: from what a page takes to what a page may take.
const SECONDS: [f64; 11] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5];

/// All that is measured.
pub struct Metrics {
    registry: Registry,
    /// What becomes of requests.
    pub requests: RequestMetrics,
    /// What becomes of attempts to sign in.
    pub sign_ins: SignInMetrics,
    /// Connections that were ended because a request was not whole, or not answered, in time.
    pub connections_timed_out: Counter,
}

impl Metrics {
    /// Metrics of the requests to come, and of what the parts count themselves.
    #[must_use]
    pub fn new(parts: Arc<Parts>) -> Self {
        let mut registry = Registry::with_prefix("xkcdapp");
        let requests = RequestMetrics {
            total: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        };
        registry.register("http_requests", "Requests answered", requests.total.clone());
        registry.register("http_request_seconds", "Time to the answer's head", requests.seconds.clone());
        let sign_ins = SignInMetrics::new();
        registry.register("sign_in", "Attempts to sign in to the admin site", sign_ins.total.clone());
        let connections_timed_out = Counter::default();
        let help = "Connections ended because a request was not whole, or not answered, in time";
        registry.register("connections_timed_out", help, connections_timed_out.clone());
        registry.register_collector(Box::new(PartMetrics(parts)));
        Self { registry, requests, sign_ins, connections_timed_out }
    }

    /// Everything as `OpenMetrics` text.
    ///
    /// # Errors
    ///
    /// Never for metrics that can be written as text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Metrics of requests.
pub struct RequestMetrics {
    total: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabel, Histogram>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

impl RequestMetrics {
    pub(crate) fn observe(&self, finished: &Finished<'_>) {
        let (route, method) = (finished.route.to_owned(), method_label(finished.method));
        self.total.get_or_create(&RequestLabels { route, method, status: finished.status }).inc();
        let route = RouteLabel { route: finished.route.to_owned() };
        self.seconds.get_or_create(&route).observe(finished.took.as_secs_f64());
    }
}

/// Metrics of attempts to sign in.
pub struct SignInMetrics {
    total: Family<SignInLabel, Counter>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct SignInLabel {
    result: &'static str,
}

/// What became of an attempt to sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInResult {
    /// A session began.
    Ok,
    /// Wrong name or password, or an account that may not.
    Refused,
    /// Too many attempts.
    Throttled,
    /// The form's token was missing or too old.
    Stale,
    /// It could not be found out.
    Failed,
}

impl SignInResult {
    const ALL: [Self; 5] = [Self::Ok, Self::Refused, Self::Throttled, Self::Stale, Self::Failed];

    /// The result as logs and metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Stale => "stale",
            Self::Failed => "failed",
        }
    }
}

impl SignInMetrics {
    /// All results are there from the start, so that the first one is a change that can be alarmed on.
    fn new() -> Self {
        let total = Family::default();
        for result in SignInResult::ALL {
            drop(total.get_or_create(&SignInLabel { result: result.as_str() }));
        }
        Self { total }
    }

    pub(crate) fn count(&self, result: SignInResult) {
        self.total.get_or_create(&SignInLabel { result: result.as_str() }).inc();
    }
}

/// A bounded set: a client may send any word as a method.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// What the parts count themselves, read when somebody asks.
struct PartMetrics(Arc<Parts>);

impl fmt::Debug for PartMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PartMetrics")
    }
}

impl Collector for PartMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let views = self.0.views.status();
        let pending = ConstGauge::new(i64::try_from(views.pending).unwrap_or(i64::MAX));
        let kind = pending.metric_type();
        pending.encode(encoder.encode_descriptor("views_pending", "Views not yet stored", None, kind)?)?;
        let batches = [
            ("written", views.batches_written - views.batches_repeated),
            ("repeated", views.batches_repeated),
            ("failed", views.batches_failed),
        ];
        encode_results(&mut encoder, "view_batches", "Batches of views sent to the store", &batches)?;
        encode_pools(&mut encoder, self.0.pools())?;
        encode_conditions(&mut encoder, &self.0.conditions())?;
        open_files::encode(&mut encoder)?;
        let Some(upstream) = self.0.upstream_figures() else { return Ok(()) };
        encode_results(&mut encoder, "upstream_requests", "Requests to xkcd.com", &upstream.requests)?;
        encode_results(&mut encoder, "comic_cache", "Comics asked for, by where they were", &upstream.cache)
    }
}

fn encode_pools(
    encoder: &mut DescriptorEncoder<'_>,
    pools: impl Iterator<Item = PoolFigures>,
) -> Result<(), fmt::Error> {
    let help = "Connections to servers, and callers that wait for one";
    let mut family = encoder.encode_descriptor("pool_connections", help, None, MetricType::Gauge)?;
    for PoolFigures { pool, connections } in pools {
        for (state, number) in connections {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            ConstGauge::new(number).encode(family.encode_family(&[("pool", pool), ("state", state)])?)?;
        }
    }
    Ok(())
}

fn encode_conditions(
    encoder: &mut DescriptorEncoder<'_>,
    conditions: &[(&'static str, bool)],
) -> Result<(), fmt::Error> {
    let help = "Whether a part does not work at the moment, though pages are served";
    let mut family = encoder.encode_descriptor("degraded", help, None, MetricType::Gauge)?;
    for (part, is_degraded) in conditions {
        ConstGauge::new(i64::from(*is_degraded)).encode(family.encode_family(&[("part", *part)])?)?;
    }
    Ok(())
}

fn encode_results(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    totals: &[(&'static str, u64)],
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (result, total) in totals {
        ConstCounter::new(*total).encode(family.encode_family(&[("result", *result)])?)?;
    }
    Ok(())
}
