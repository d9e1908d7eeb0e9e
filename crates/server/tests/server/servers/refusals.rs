//! What keeps a connection from being made, and what each verb says about it.

use std::time::{Duration, Instant};

use super::PATIENCE;
use super::given;
use super::psql::query;
use super::site::{PASSWORD, SECRET_KEY, Site, readiness};
use crate::support::{Ended, Launch, free_address, until};

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn each_wrong_setting_has_one_clear_message() {
    let site = Site::migrated();
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/../adapters-postgres/data/rds-bundle.pem");
    let nowhere = free_address().port().to_string();
    for (setting, value, word) in [
        (
            "DATABASE_HOST",
            "no-such-host.invalid",
            "the host no-such-host.invalid has no address: check DATABASE_HOST",
        ),
        ("DATABASE_PORT", &nowhere, "nothing listens at 127.0.0.1:"),
        ("DATABASE_PASSWORD", "not-the-password", "check DATABASE_USER and DATABASE_PASSWORD"),
        ("XKCDAPP_DATABASE_CA", authority, "check XKCDAPP_DATABASE_CA"),
        ("DATABASE_NAME", "no_such_database", "has no database no_such_database"),
    ] {
        assert_told(|| site.launch().set(setting, value), word);
    }
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_role_without_rights_is_told_what_it_lacks() {
    let site = Site::migrated();
    let (role, owner) = (format!("{}_guest", site.name), &site.name);
    query("postgres", &format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"));
    let launch = || site.launch().set("DATABASE_USER", &role);
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| assert_told(launch, "may not ")));
    query(owner, &format!("DROP ROLE {role}"));
    assert!(told.is_ok());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_database_without_tables_ends_the_start_at_once_with_what_to_do() {
    let site = Site::empty();
    assert_outdated(&site, &["run xkcdapp migrate"]);
    assert_eq!(site.launch().run(&["migrate"], "").code, Some(0));
    assert_eq!(site.launch().run(&["check"], "").code, Some(0));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_schema_of_a_newer_release_is_refused_unless_it_serves_this_one() {
    let site = Site::migrated();
    site.sql("UPDATE schema_compatibility SET version = 3, serves_from = 2");
    let words = ["migrated by a newer release (schema 3, this release knows 1)"];
    assert_outdated(&site, &words);
    site.launch().run(&["migrate"], "").assert_refused(1, &words);

    site.sql("UPDATE schema_compatibility SET serves_from = 1");
    assert_eq!(site.launch().run(&["check"], "").code, Some(0));
    assert_eq!(site.launch().run(&["migrate"], "").code, Some(0));
    let app = site.launch().start();
    until("it is ready", PATIENCE, || readiness(&app).0 == 200);
}

/// `check` and `migrate` refuse, each with one message; the app serves, is not ready, and says why once.
#[track_caller]
fn assert_told(launch: impl Fn() -> Launch, word: &str) {
    assert_check_fails(&launch().run(&["check"], ""), word);
    let migrated = launch().run(&["migrate"], "");
    migrated.assert_refused(1, &[word]);
    assert_eq!(migrated.errors.len(), 1, "{migrated:?}");
    assert_keeps_secrets(&migrated.message());

    // The page below is a view that can't be written.
    let app = launch().set("XKCDAPP_SHUTDOWN_SECONDS", "1").start();
    let line = app.logged("it says why", |line| line["event"] == "postgres.unavailable");
    assert!(line["error"].as_str().unwrap().contains(word), "{line}");
    let began = Instant::now();
    // Longer than it takes to try again, and than the time in which an outdated schema ends the start.
    until("it has tried again", PATIENCE, || {
        assert_eq!(app.get("/health/live").status, 200);
        assert_eq!(readiness(&app).0, 503);
        assert_eq!(app.get("/").status, 200);
        began.elapsed() > Duration::from_millis(2_200)
    });
    let errors: Vec<_> = app.log().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let ended = app.stop();
    assert_eq!(ended.code, Some(0));
    assert_keeps_secrets(&ended.output.join("\n"));
}

#[track_caller]
fn assert_outdated(site: &Site, words: &[&str]) {
    let began = Instant::now();
    let ended = site.launch().run(&["serve"], "");
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.errors.len(), 1, "{ended:?}");
    assert!(ended.message().starts_with("xkcdapp: ") && ended.message().contains(words[0]), "{ended:?}");
    for word in words {
        assert_check_fails(&site.launch().run(&["check"], ""), word);
    }
}

#[track_caller]
fn assert_check_fails(checked: &Ended, word: &str) {
    checked.assert_refused(1, &["not all there"]);
    let failed: Vec<_> = checked.output.iter().filter(|line| line.starts_with("FAILED")).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].starts_with("FAILED   store: ") && failed[0].contains(word), "{failed:?}");
    assert_keeps_secrets(&checked.output.join("\n"));
}

#[track_caller]
fn assert_keeps_secrets(text: &str) {
    for secret in [PASSWORD, SECRET_KEY, "not-the-password", &given("REDIS_PASSWORD")] {
        assert!(!text.contains(secret), "{secret} is told: {text}");
    }
}
