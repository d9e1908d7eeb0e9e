//! What happens to comic pages, and to health checks, when Redis is not there: nothing, and a word.

use std::path::Path;
use std::time::{Duration, Instant};

use xkcd_breakable_proxy::{BreakableProxy, Direction, Mode};

use super::PATIENCE;
use super::server_process::{ServerProcess, redis};
use super::site::{Site, readiness, redis_address};
use crate::support::{App, Browser, PASSWORD, SUPERUSER, until, with_admins};

/// Redis is looked at every few seconds.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);
/// What Redis may cost a page.
const PAGE_TIME: Duration = Duration::from_millis(500);

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn comic_pages_need_no_redis_and_its_outages_are_named() {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(redis_address()).unwrap();
    let app = site.launch().set("ELASTICACHE_ENDPOINT", proxy.address().to_string()).start();
    until("it is whole", PATIENCE, || readiness(&app) == (200, "ready".to_owned(), vec![]));
    until("Redis was looked at", NOTICED_WITHIN, || redis(&["EXISTS", "xkcdapp:alive"]) == "1");
    let keys = redis(&["DBSIZE"]);
    assert_pages_come(&app);
    assert_eq!(redis(&["DBSIZE"]), keys, "visitors leave nothing in Redis");

    proxy.set_mode(Mode::Refuse).unwrap();
    proxy.cut_connections().unwrap();
    assert_noticed(&app);
    proxy.set_mode(Mode::Hold).unwrap();
    assert_pages_come(&app);
    proxy.set_mode(Mode::Pass).unwrap();
    proxy.set_delay(Direction::ToClient, Duration::from_secs(2));
    assert_noticed(&app);
    proxy.set_delay(Direction::ToClient, Duration::ZERO);
    until("it has recovered", NOTICED_WITHIN, || readiness(&app).2.is_empty());

    let server = ServerProcess::redis();
    let pause = server.pause();
    assert_noticed(&app);
    drop(pause);
    let killed = server.kill();
    assert_pages_come(&app);
    killed.start();
    until("it has recovered again", NOTICED_WITHIN, || readiness(&app).2.is_empty());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_redis_that_cannot_be_trusted_or_refuses_is_named_by_check_and_by_the_running_app() {
    let site = Site::migrated();
    let another_authority =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters-postgres/data/rds-bundle.pem");
    let cases = [
        ("XKCDAPP_REDIS_CA", another_authority.display().to_string(), "certificate authority"),
        ("ELASTICACHE_AUTH_TOKEN", "not-the-password".to_owned(), "ELASTICACHE_AUTH_TOKEN"),
        ("ELASTICACHE_ENDPOINT", "127.0.0.1:9".to_owned(), "no connection to Redis at 127.0.0.1:9"),
    ];
    for (setting, value, word) in cases {
        let checked = site.launch().set(setting, &value).run(&["check"], "");
        checked.assert_refused(1, &["not all there"]);
        let failed: Vec<_> = checked.output.iter().filter(|line| line.starts_with("FAILED")).collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(failed[0].starts_with("FAILED   sessions: ") && failed[0].contains(word), "{failed:?}");
        assert!(!failed[0].contains("not-the-password"), "{failed:?}");

        let app = with_admins(site.launch()).set(setting, &value).start();
        until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
        assert_noticed(&app);
        assert_eq!(Browser::of(&app).sign_in(SUPERUSER, PASSWORD).status, 503, "nobody gets in past it");
        let errors: Vec<_> = app.log().into_iter().filter(|line| line["level"] == "ERROR").collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].to_string().contains(word), "{errors:?}");
        assert!(!errors[0].to_string().contains("not-the-password"), "{errors:?}");
    }
}

#[track_caller]
fn assert_noticed(app: &App) {
    until("the outage is named", NOTICED_WITHIN, || readiness(app).2 == ["sessions"]);
    assert_pages_come(app);
}

#[track_caller]
fn assert_pages_come(app: &App) {
    for _ in 0..20 {
        let began = Instant::now();
        let page = app.get("/");
        assert_eq!((page.status, page.views().is_some()), (200, true));
        assert!(began.elapsed() < PAGE_TIME, "{:?}", began.elapsed());
    }
    assert_eq!(readiness(app).0, 200);
}
