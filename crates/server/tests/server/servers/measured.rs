//! Each fault of a server shows in the metrics that docs/operations.md names for it, and is gone after it.

use std::time::Duration;

use xkcd_breakable_proxy::{BreakableProxy, Mode};

use super::PATIENCE;
use super::site::{Site, postgres_address, readiness, redis_address};
use crate::support::{App, Browser, PASSWORD, SUPERUSER, until, with_admins};

/// Redis is looked at every few seconds.
const SOON: Duration = Duration::from_secs(10);

#[track_caller]
fn await_value(app: &App, name: &str, is_it: impl Fn(u64) -> bool) {
    until(name, SOON, || is_it(app.metrics().value(name)));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_postgres_that_is_gone_shows_as_degraded_views_that_wait_and_connections_that_are_not_there() {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    let launch = site.launch_through(&proxy);
    let app = launch.set("XKCDAPP_METRICS_LISTEN", "127.0.0.1:0").start();
    until("it is ready", PATIENCE, || readiness(&app) == (200, "ready".to_owned(), vec![]));
    let degraded = r#"xkcdapp_degraded{part="views"}"#;
    assert_eq!(app.metrics().value(degraded), 0);
    proxy.set_mode(Mode::Refuse).unwrap();
    proxy.cut_connections().unwrap();
    for _ in 0..3 {
        assert_eq!(app.get("/1000001/").status, 200);
    }
    await_value(&app, degraded, |value| value == 1);
    await_value(&app, "xkcdapp_views_pending", |value| value == 3);
    await_value(&app, r#"xkcdapp_view_batches_total{result="failed"}"#, |value| value > 0);
    for state in ["in_use", "idle"] {
        await_value(
            &app,
            &format!("xkcdapp_pool_connections{{pool=\"postgres\",state=\"{state}\"}}"),
            |value| value == 0,
        );
    }
    proxy.set_mode(Mode::Pass).unwrap();
    await_value(&app, degraded, |value| value == 0);
    await_value(&app, "xkcdapp_views_pending", |value| value == 0);
    assert_eq!(site.views(), 3);
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_redis_that_is_gone_shows_as_degraded_sessions_and_sign_ins_that_failed() {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(redis_address()).unwrap();
    let launch = with_admins(site.launch()).set("ELASTICACHE_ENDPOINT", proxy.address().to_string());
    let app = launch.set("XKCDAPP_METRICS_LISTEN", "127.0.0.1:0").start();
    until("it is whole", PATIENCE, || readiness(&app) == (200, "ready".to_owned(), vec![]));
    let degraded = r#"xkcdapp_degraded{part="sessions"}"#;
    assert_eq!(app.metrics().value(degraded), 0);
    proxy.set_mode(Mode::Refuse).unwrap();
    proxy.cut_connections().unwrap();
    assert_eq!(Browser::of(&app).sign_in(SUPERUSER, PASSWORD).status, 503);
    assert_eq!(app.metrics().value(r#"xkcdapp_sign_in_total{result="failed"}"#), 1);
    assert!(app.metrics().requests("503", |line| line.contains("/admin/login/")) == 1);
    await_value(&app, degraded, |value| value == 1);
    assert_eq!(app.metrics().value(r#"xkcdapp_degraded{part="views"}"#), 0);
    proxy.set_mode(Mode::Pass).unwrap();
    await_value(&app, degraded, |value| value == 0);
    assert_eq!(Browser::of(&app).sign_in(SUPERUSER, PASSWORD).status, 303);
}
