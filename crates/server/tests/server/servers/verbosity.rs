//! What is written when everything is written, with the passwords of servers and of admins in use.

use xkcd_breakable_proxy::{BreakableProxy, Mode};

use super::PATIENCE;
use super::site::{Site, postgres_address, readiness, redis_address};
use crate::support::{Browser, PASSWORD, SUPERUSER, log_line, until, with_admins};

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn no_secret_is_written_however_much_is() {
    let site = Site::migrated();
    let proxies = [postgres_address(), redis_address()].map(|it| BreakableProxy::start(it).unwrap());
    let [postgres, redis] = &proxies;
    let app = with_admins(site.launch_through(postgres))
        .set("ELASTICACHE_ENDPOINT", redis.address().to_string())
        .set("XKCDAPP_LOG", "trace")
        .start();
    until("it is whole", PATIENCE, || readiness(&app).2.is_empty());
    let mut browser = Browser::signed_in(&app, SUPERUSER);
    assert_eq!(Browser::of(&app).sign_in(SUPERUSER, "a-guess-at-a-password").status, 403);
    let new = "a-barrel-of-violins";
    let fields = [("current", PASSWORD), ("new", new), ("again", new)];
    let changed = browser.submit("/admin/password/", "/admin/password/", &fields);
    assert_eq!(changed.header("location"), Some("/admin/?done=password"));
    for proxy in &proxies {
        proxy.set_mode(Mode::Refuse).unwrap();
        proxy.cut_connections().unwrap();
        assert_eq!(browser.get("/admin/").status, 503);
        assert_eq!(app.get("/").status, 200);
        proxy.set_mode(Mode::Pass).unwrap();
        until("it is whole again", PATIENCE, || readiness(&app).2.is_empty());
    }
    // The harness looks for every secret that was used.
    let ended = app.stop();
    let is_detail = |line: &String| log_line(line)["level"] == "DEBUG";
    assert!(ended.output.iter().filter(|line| is_detail(line)).count() > 10, "{ended:?}");
}
