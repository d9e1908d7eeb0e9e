//! What health checks say while PostgreSQL is not there.

use std::time::{Duration, Instant};

use xkcd_breakable_proxy::{BreakableProxy, Mode};

use super::PATIENCE;
use super::site::{Site, postgres_address, readiness};
use crate::support::until;

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_server_that_is_not_there_at_the_start_keeps_the_app_from_being_ready_until_it_comes() {
    for mode in [Mode::Refuse, Mode::Hold] {
        comes_later(mode);
    }
}

#[track_caller]
fn comes_later(mode: Mode) {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    proxy.set_mode(mode).unwrap();
    let app = site.launch_through(&proxy).start();
    assert!(app.took_to_listen < Duration::from_secs(1), "{:?}", app.took_to_listen);
    app.logged("the outage is logged", |line| line["event"] == "postgres.unavailable");
    assert_eq!(app.get("/health/live").status, 200);
    assert_eq!(readiness(&app), (503, "starting".to_owned(), vec!["views".to_owned()]));
    for _ in 0..5 {
        let asked = Instant::now();
        let page = app.get("/1000001/");
        assert_eq!((page.status, page.views()), (200, None));
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    }

    proxy.set_mode(Mode::Pass).unwrap();
    until("all is written", Duration::from_secs(3), || site.views() == 5);
    until("it is ready", Duration::from_secs(3), || readiness(&app) == (200, "ready".to_owned(), vec![]));
    assert_eq!(app.get("/1000001/").views(), Some(6));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_later_outage_leaves_the_app_ready_and_is_named() {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    let app = site.launch_through(&proxy).start();
    until("it is ready", PATIENCE, || readiness(&app) == (200, "ready".to_owned(), vec![]));

    proxy.set_mode(Mode::Refuse).unwrap();
    proxy.cut_connections().unwrap();
    let page = app.get("/1000001/");
    assert_eq!((page.status, page.views()), (200, None));
    assert_eq!(readiness(&app), (200, "ready".to_owned(), vec!["views".to_owned()]));

    proxy.set_mode(Mode::Pass).unwrap();
    until("it is whole", Duration::from_secs(3), || readiness(&app) == (200, "ready".to_owned(), vec![]));
    assert_eq!(app.get("/1000001/").views(), Some(2));
    let errors: Vec<_> = app.log().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn an_older_schema_on_a_server_that_comes_a_moment_late_ends_the_start() {
    let site = Site::empty();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    proxy.set_mode(Mode::Refuse).unwrap();
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            proxy.set_mode(Mode::Pass).unwrap();
        });
        site.launch_through(&proxy).fail_to_start()
    });
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.message().contains("run xkcdapp migrate"), "{ended:?}");
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn an_older_schema_that_is_found_late_keeps_the_app_from_being_ready_until_it_is_migrated() {
    let site = Site::empty();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    proxy.set_mode(Mode::Refuse).unwrap();
    let app = site.launch_through(&proxy).start();
    // Found within two seconds, it ends the start.
    std::thread::sleep(Duration::from_millis(2_500));
    proxy.set_mode(Mode::Pass).unwrap();
    app.logged("what to do", |line| {
        line["event"] == "postgres.unavailable" && line["error"].to_string().contains("xkcdapp migrate")
    });
    assert_eq!(app.get("/health/live").status, 200);
    assert_eq!(readiness(&app), (503, "starting".to_owned(), vec!["views".to_owned()]));
    assert_eq!(app.get("/1000001/").status, 200);
    assert_eq!(site.launch().run(&["migrate"], "").code, Some(0));
    until("it is ready", PATIENCE, || readiness(&app) == (200, "ready".to_owned(), vec![]));
    until("all is written", Duration::from_secs(3), || site.views() == 1);
}
