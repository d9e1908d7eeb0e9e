//! Exact counts in PostgreSQL, from one instance and from several.

use std::time::Duration;

use xkcd_breakable_proxy::{BreakableProxy, Direction, Mode};

use super::PATIENCE;
use super::impatience::{self, Impatience};
use super::site::{Site, postgres_address};
use crate::support::{App, StubUpstream, until};
use crate::support::{Crowd, Tally};

/// How many sessions apps have.
const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'xkcdapp'";

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn what_was_logged_at_the_end_is_replayed_once_and_check_finds_all_well() {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    let app = site.launch_through(&proxy).set("XKCDAPP_SHUTDOWN_SECONDS", "2").start();
    until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
    assert_eq!(app.get("/1000001/").views(), Some(1));
    proxy.set_mode(Mode::Refuse).unwrap();
    proxy.cut_connections().unwrap();
    for _ in 0..4 {
        assert_eq!(app.get("/1000002/").status, 200);
    }
    let ended = app.stop();
    assert_eq!((ended.code, site.views()), (Some(0), 1), "{ended:?}");

    let log = ended.output.join("\n");
    for word in ["added", "skipped"] {
        let replayed = site.launch().run(&["replay-views"], &log);
        assert_eq!(replayed.code, Some(0), "{replayed:?}");
        assert!(replayed.output.iter().any(|told| told.contains(word)), "{replayed:?}");
        assert_eq!(site.views(), 5);
    }

    let checked = site.launch().run(&["check"], "");
    let text = checked.output.join("\n");
    assert_eq!((checked.code, checked.message().as_str()), (Some(0), ""), "{text}");
    assert!(text.contains("can be read and written, schema version 1"), "{text}");
    assert!(text.contains("ok       sessions: Redis "), "{text}");
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_batch_that_was_committed_and_not_answered_at_the_end_is_not_added_by_a_replay() {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    let app = site.launch_through(&proxy).set("XKCDAPP_SHUTDOWN_SECONDS", "2").start();
    until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
    assert_eq!(app.get("/1000001/").views(), Some(1));
    proxy.set_delay(Direction::ToClient, Duration::from_secs(30));
    assert_eq!(app.get("/1000001/").views(), None);
    let ended = app.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(site.views(), 2, "the batch arrived");
    let log = ended.output.join("\n");
    assert!(log.contains("views.unwritten"), "{log}");
    let replayed = site.launch().run(&["replay-views"], &log);
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    assert!(replayed.output.iter().any(|told| told.contains("skipped")), "{replayed:?}");
    assert_eq!(site.views_by_comic(), [(1_000_001, 2)].into());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn views_of_sixty_four_visitors_of_one_instance_are_counted_exactly() {
    let site = Site::migrated();
    let app = site.launch().start();
    until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
    let crowd = Crowd { visitors: 64, pages: 50_000, persistent: true };
    let tally = crowd.visit(app.address).until_the_end();
    assert_eq!((tally.acknowledged, tally.in_doubt, tally.refused), (50_000, 0, 0));
    assert_eq!(tally.unnumbered, 0);
    tally.assert_counted(&site.views_by_comic());
    for (comic, shown) in &tally.highest {
        let stored = site.sql(&format!("SELECT view_count FROM comic_views WHERE comic_number = {comic}"));
        assert_eq!(stored, shown.to_string(), "{comic}: the last number shown is not the one stored");
    }
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn four_instances_count_exactly_together_and_never_deadlock() {
    let site = Site::migrated();
    // So few that batches of two instances nearly always have several in common.
    let upstream = StubUpstream::of_comics(40);
    let apps: Vec<App> = (0..4).map(|_| site.launch().upstream(&upstream).start()).collect();
    for app in &apps {
        until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
    }
    let before = site.deadlocks();
    let visits: Vec<_> = apps
        .iter()
        .map(|app| Crowd { visitors: 16, pages: 6_000, persistent: true }.visit(app.address))
        .collect();
    let mut tally = Tally::default();
    for visits in visits {
        tally.add(visits.until_the_end());
    }
    assert_eq!((tally.acknowledged, tally.in_doubt, tally.refused), (24_000, 0, 0));
    assert_eq!(tally.unnumbered, 0);
    tally.assert_counted(&site.views_by_comic());
    for app in apps {
        assert_eq!(app.stop().code, Some(0));
    }
    // What a session has counted is in the statistics when it has ended.
    until("their sessions have ended", PATIENCE, || site.sql(SESSIONS) == "0");
    assert_eq!(site.deadlocks(), before);
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn one_of_two_instances_may_be_stopped() {
    let site = Site::migrated();
    let (leaving, staying) = (site.launch().start(), site.launch().start());
    for app in [&leaving, &staying] {
        until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
    }
    let to_the_one = Crowd { visitors: 16, pages: u64::MAX, persistent: false }.visit(leaving.address);
    let to_the_other = Crowd { visitors: 16, pages: u64::MAX, persistent: true }.visit(staying.address);
    until("both are visited", PATIENCE, || to_the_one.seen() > 1_000 && to_the_other.seen() > 1_000);
    let ended = leaving.stop();
    let mut tally = to_the_one.until_the_end();
    tally.add(to_the_other.end());
    let outcome = (ended.code, tally.in_doubt, tally.refused, tally.unnumbered);
    assert_eq!(outcome, (Some(0), 0, 0, 0), "{ended:?}");
    assert_eq!(site.views(), tally.acknowledged);
    tally.assert_counted(&site.views_by_comic());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_number_that_was_shown_is_stored_though_the_process_is_killed_and_no_lock_stays() {
    let site = Site::migrated();
    let mut all = Tally::default();
    for round in 0..3 {
        let app = site.launch().start();
        until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
        let visits = Crowd { visitors: 64, pages: u64::MAX, persistent: true }.visit(app.address);
        until("many are there", PATIENCE, || visits.seen() > 1_000);
        assert_eq!(app.kill().code, None, "round {round}");
        all.add(visits.end());
        // The server still ends what it was told last.
        until("its sessions have ended", PATIENCE, || site.sql(SESSIONS) == "0");
        let stored = site.views_by_comic();
        for (comic, shown) in &all.highest {
            assert!(stored[comic] >= u64::from(*shown), "{comic}: {shown} was shown, not {}", stored[comic]);
        }
        all.assert_counted(&stored);
    }
    assert_eq!(site.launch().run(&["migrate"], "").code, Some(0));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn visitors_who_leave_early_are_counted_at_most_once_and_cost_others_nothing() {
    let site = Site::migrated();
    let upstream = StubUpstream::of_comics(50);
    let app = site.launch().upstream(&upstream).start();
    until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
    let leaving = Impatience::begin(4, 500, app.address);
    let tally = Crowd { visitors: 16, pages: 8_000, persistent: true }.visit(app.address).until_the_end();
    assert_eq!(leaving.end(), 2_000);
    assert_eq!((tally.acknowledged, tally.in_doubt, tally.refused), (8_000, 0, 0));
    assert_eq!(tally.unnumbered, 0);
    assert_eq!(app.stop().code, Some(0));
    let of_those_who_left = format!("FROM comic_views WHERE comic_number = {}", impatience::PAGE);
    let left = site.sql(&format!("SELECT coalesce(sum(view_count), 0) {of_those_who_left}"));
    let left: u64 = left.parse().unwrap();
    assert!((1..=2_000).contains(&left), "{left}");
    assert_eq!(site.views() - left, 8_000);
}
