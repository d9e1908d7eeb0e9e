//! No file descriptor left, not even for a connection to a server.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;
use super::psql::query;
use super::site::{Site, readiness};
use crate::support::{Browser, Connection, PASSWORD, SUPERUSER, Tally, until, with_admins};

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn without_descriptors_pages_come_and_the_servers_are_reached_again_once_there_are_some() {
    const SILENT: usize = 150;
    let site = Site::migrated();
    let app = with_admins(site.launch()).after(r#"ulimit -n 128; exec "$0" "$@""#).start();
    until("it is whole", PATIENCE, || readiness(&app).2.is_empty());
    let mut visitor = Connection::open(app.address).unwrap();
    let mut tally = Tally::default();
    let mut look = || {
        let asked = Instant::now();
        let page = visitor.request("GET", "/", &[]).unwrap();
        assert_eq!(page.status, 200);
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        tally.saw(&page);
        page.views().is_some()
    };
    assert!(look());
    let mut silent = Vec::new();
    let refusals = || {
        let says =
            |line: &Value| line["message"].as_str().is_some_and(|it| it.starts_with("Error accepting"));
        app.log().iter().filter(|line| says(line)).count()
    };
    // The descriptor of a session that ends is for whoever is first: those who wait to be let in, or another session.
    let terminate =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", site.name);
    until("a session finds no descriptor", PATIENCE, || {
        silent.extend((0..SILENT).map(|_| TcpStream::connect(app.address).unwrap()));
        query("postgres", &terminate);
        let before = refusals();
        until("the listener has taken all there are", PATIENCE, || refusals() > before);
        !look()
    });
    until("the silent ones were sent away, and numbers are back", Duration::from_secs(20), &mut look);
    drop(silent);
    until("it is whole again", PATIENCE, || readiness(&app).2.is_empty());
    assert_eq!(Browser::of(&app).sign_in(SUPERUSER, PASSWORD).status, 303);
    assert_eq!(app.stop().code, Some(0));
    assert_eq!(site.views(), tally.acknowledged);
    tally.assert_counted(&site.views_by_comic());
}
