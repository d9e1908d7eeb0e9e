//! Metrics: on a port of their own, under the names that dashboards know.

use super::built_in;
use crate::support::{Connection, Launch, Metrics, StubUpstream, free_address};

#[test]
fn metrics_have_their_names_and_a_port_of_their_own() {
    let address = free_address();
    let upstream = StubUpstream::of_comics(60);
    let app =
        Launch::development().set("XKCDAPP_METRICS_LISTEN", address.to_string()).upstream(&upstream).start();
    app.get("/7/");
    app.get("/7/");
    app.request("HEAD", "/7/", &[]);
    app.request("BREW", "/", &[]);
    app.get("/nowhere");
    assert_eq!(app.get("/metrics").status, 404);

    let answer = Connection::open(address).unwrap().request("GET", "/metrics", &[]).unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let metrics = Metrics::of(address);
    assert_eq!(
        metrics.value(r#"xkcdapp_http_requests_total{route="/{number}/",method="GET",status="200"}"#),
        2
    );
    assert_eq!(
        metrics.value(r#"xkcdapp_http_requests_total{route="/{number}/",method="HEAD",status="200"}"#),
        1
    );
    assert_eq!(metrics.value(r#"xkcdapp_http_requests_total{route="/",method="other",status="405"}"#), 1);
    assert_eq!(
        metrics.value(r#"xkcdapp_http_requests_total{route="unmatched",method="GET",status="404"}"#),
        2
    );
    assert_eq!(metrics.value(r#"xkcdapp_http_request_seconds_count{route="/{number}/"}"#), 3);
    assert_eq!(metrics.value("xkcdapp_views_pending"), 0);
    assert_eq!(metrics.value(r#"xkcdapp_view_batches_total{result="written"}"#), 2);
    assert_eq!(metrics.value(r#"xkcdapp_view_batches_total{result="failed"}"#), 0);
    assert!(metrics.value(r#"xkcdapp_upstream_requests_total{result="ok"}"#) >= 2);
    assert!(metrics.value(r#"xkcdapp_comic_cache_total{result="hit"}"#) >= 1);
    assert!(metrics.value(r#"xkcdapp_comic_cache_total{result="miss"}"#) >= 1);
}

#[test]
fn without_a_setting_there_are_no_metrics() {
    assert_eq!(built_in().get("/metrics").status, 404);
}
