//! Exact counts, whatever happens to the process.

use std::time::Duration;

use super::Release;
use crate::support::{Crowd, Tally};
use crate::support::{Database, until};

const PATIENCE: Duration = Duration::from_mins(1);

#[test]
#[ignore = "needs the release build: scripts/test"]
fn fifty_thousand_views_of_sixty_four_visitors_are_counted_exactly() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).start();
    let crowd = Crowd { visitors: 64, pages: 50_000, persistent: true };
    let tally = crowd.visit(app.address).until_the_end();
    assert_eq!((tally.acknowledged, tally.in_doubt, tally.refused), (50_000, 0, 0));
    assert_eq!(tally.unnumbered, 0);
    let database = Database::open(data.path());
    assert_eq!(database.views(), 50_000);
    assert_eq!(database.views_by_comic(), tally.highest, "the last number shown is not the one stored");
    let (resident, highest) = app.memory();
    assert!(highest < 64 << 20, "{resident} of {highest} bytes");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn visitors_who_leave_when_told_to_lose_nothing_to_a_stop() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "8").start();
    let visits = Crowd { visitors: 64, pages: u64::MAX, persistent: false }.visit(app.address);
    until("many are there", PATIENCE, || visits.seen() > 2_000);
    let ended = app.stop();
    let tally = visits.until_the_end();
    assert_eq!((ended.code, tally.in_doubt, tally.refused), (Some(0), 0, 0), "{ended:?}");
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
    tally.assert_counted(&Database::open(data.path()).views_by_comic());
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_stop_amid_visitors_who_come_back_counts_all_that_was_seen() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "4").start();
    let visits = Crowd { visitors: 64, pages: u64::MAX, persistent: true }.visit(app.address);
    until("many are there", PATIENCE, || visits.seen() > 2_000);
    let ended = app.stop();
    let tally = visits.until_the_end();
    assert_eq!((ended.code, tally.refused), (Some(0), 0), "{ended:?}");
    assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
    // Who was waiting at the door when it closed was not served, and knocked again until nobody was there.
    assert!(tally.in_doubt <= 4 * 64, "{tally:?}");
    tally.assert_counted(&Database::open(data.path()).views_by_comic());
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn two_processes_count_exactly_together_and_one_may_be_stopped() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let launch = || release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "4").start();
    let (leaving, staying) = (launch(), launch());
    let to_the_one = Crowd { visitors: 32, pages: u64::MAX, persistent: false }.visit(leaving.address);
    let to_the_other = Crowd { visitors: 32, pages: 20_000, persistent: true }.visit(staying.address);
    until("both are visited", PATIENCE, || to_the_one.seen() > 2_000 && to_the_other.seen() > 2_000);
    let ended = leaving.stop();
    let mut tally = to_the_one.until_the_end();
    tally.add(to_the_other.until_the_end());
    assert_eq!(
        (ended.code, tally.in_doubt, tally.refused, tally.unnumbered),
        (Some(0), 0, 0, 0),
        "{ended:?}"
    );
    let database = Database::open(data.path());
    assert_eq!(database.views_by_comic(), tally.highest);
    tally.assert_counted(&database.views_by_comic());
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_number_that_was_shown_is_stored_though_the_process_is_killed() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let mut all = Tally::default();
    for round in 0..3 {
        let app = release.launch().data(data.path()).start();
        let visits = Crowd { visitors: 64, pages: u64::MAX, persistent: true }.visit(app.address);
        until("many are there", PATIENCE, || visits.seen() > 1_000);
        assert_eq!(app.kill().code, None, "round {round}");
        all.add(visits.end());
        let stored = Database::open(data.path()).views_by_comic::<u64>();
        for (comic, shown) in &all.highest {
            assert!(stored[comic] >= u64::from(*shown), "{comic}: {shown} was shown, not {}", stored[comic]);
        }
        all.assert_counted(&stored);
    }
    assert_eq!(release.launch().data(data.path()).run(&["check"], "").code, Some(0));
}
