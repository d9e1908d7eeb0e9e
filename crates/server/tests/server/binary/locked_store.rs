//! Another process holds the database, for a while or for good.

use std::thread;
use std::time::{Duration, Instant};

use super::Release;
use crate::support::Crowd;
use crate::support::{Database, Ended, StubUpstream, until};

const PATIENCE: Duration = Duration::from_secs(30);
/// What a page may take.
const PAGE_TIME: Duration = Duration::from_secs(2);

#[test]
#[ignore = "needs the release build: scripts/test"]
fn pages_go_on_without_numbers_while_the_store_is_locked_and_are_counted_after() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).start();
    let visits = Crowd { visitors: 32, pages: u64::MAX, persistent: true }.visit(app.address);
    until("many are there", PATIENCE, || visits.seen() > 1_000);

    let lock = Database::lock(data.path());
    let (locked, seen) = (Instant::now(), visits.seen());
    until("three seconds have passed", PATIENCE, || {
        let asked = Instant::now();
        assert_eq!([app.get("/health/live").status, app.get("/favicon.ico").status], [200, 200]);
        assert!(
            asked.elapsed() < Duration::from_millis(500),
            "what needs no store waits {:?}",
            asked.elapsed()
        );
        locked.elapsed() > Duration::from_secs(3)
    });
    assert!(visits.seen() > seen + 500, "hardly anybody was served: {}", visits.seen() - seen);
    let tally = visits.end();
    assert_eq!((tally.in_doubt, tally.refused), (0, 0));
    assert!(tally.unnumbered > 0, "the lock was not felt");
    assert!(tally.slowest < PAGE_TIME, "{:?}", tally.slowest);

    drop(lock);
    let database = Database::open(data.path());
    until("all is counted", Duration::from_secs(3), || database.views() == tally.acknowledged);
    tally.assert_counted(&database.views_by_comic());
    assert!(app.get("/").views().is_some(), "numbers are back");
    assert_eq!(database.views(), tally.acknowledged + 1);
    let (_, memory) = app.memory();
    assert!(memory < 64 << 20, "{memory} bytes");
    assert!(app.log().iter().any(|line| line["event"] == "views.unavailable"));
    assert!(app.log().iter().any(|line| line["event"] == "views.available"));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn what_cannot_be_written_to_the_end_is_logged_and_replayed_once() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "4").start();
    assert_eq!(app.get("/1000001/").views(), Some(1));
    let lock = Database::lock(data.path());
    let visits = Crowd { visitors: 16, pages: 500, persistent: true }.visit(app.address);
    let tally = visits.until_the_end();
    assert_eq!((tally.acknowledged, tally.unnumbered), (500, 500));
    let ended = app.stop();
    drop(lock);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.took < Duration::from_millis(4_500), "{:?}", ended.took);
    let lines: Vec<_> =
        ended.output.iter().filter(|line| line.contains(r#""event":"views.unwritten""#)).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.len() <= 12 << 10), "{lines:?}");

    let database = Database::open(data.path());
    assert_eq!(database.views(), 1);
    // In any order, among all other lines, and as an exporter would prefix them.
    let log: Vec<_> = ended.output.iter().rev().map(|line| format!("2026-11-25 app[1]: {line}\n")).collect();
    let replay = || release.launch().data(data.path()).run(&["replay-views"], &log.concat());
    assert_all(&replay(), lines.len(), "added");
    assert_eq!(database.views(), 501);
    let again = replay();
    assert_all(&again, lines.len(), "skipped");
    assert_eq!(database.views(), 501);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn more_comics_than_a_batch_holds_are_logged_as_several_and_replayed_in_their_order() {
    const COMICS: u32 = 1_200;
    const VISITORS: usize = 24;
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let upstream = StubUpstream::of_comics(3_200);
    let app =
        release.launch().data(data.path()).upstream(&upstream).set("XKCDAPP_SHUTDOWN_SECONDS", "4").start();
    let lock = Database::lock(data.path());
    let seen: Vec<u32> = thread::scope(|scope| {
        let app = &app;
        let visitor =
            |first| (first..=COMICS).step_by(VISITORS).filter(|it| app.get(&format!("/{it}/")).status == 200);
        let visitors: Vec<_> =
            (1..=24).map(|first| scope.spawn(move || visitor(first).collect::<Vec<_>>())).collect();
        visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect()
    });
    let ended = app.stop();
    drop(lock);
    let lines: Vec<_> = ended.output.iter().filter(|line| line.contains("views.unwritten")).collect();
    assert!(lines.len() >= 3 && lines.iter().all(|line| line.len() <= 12 << 10), "{} lines", lines.len());
    let log: Vec<_> = lines.iter().rev().map(|line| format!("{line}\n")).collect();
    assert_all(
        &release.launch().data(data.path()).run(&["replay-views"], &log.concat()),
        lines.len(),
        "added",
    );
    // The joke's number is among those asked for.
    assert_eq!(seen.len(), 1_199);
    assert_eq!(
        Database::open(data.path()).views_by_comic::<u32>(),
        seen.into_iter().map(|comic| (comic, 1)).collect()
    );
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_damaged_line_counts_nothing() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).set("XKCDAPP_SHUTDOWN_SECONDS", "2").start();
    let lock = Database::lock(data.path());
    assert_eq!(app.get("/1000001/").views(), None);
    let ended = app.stop();
    drop(lock);
    let line = ended.output.iter().find(|line| line.contains("views.unwritten")).unwrap();
    for damaged in [
        line[..line.len() - 5].to_owned(),
        line.replace("1000001:1", "1000001:x"),
        line.replace("batch", "b"),
    ] {
        let replayed =
            release.launch().data(data.path()).run(&["replay-views"], &format!("{line}\n{damaged}\n"));
        replayed.assert_refused(1, &["not all views are in the store"]);
        assert!(replayed.output.iter().any(|said| said.starts_with("line 2: ")), "{replayed:?}");
    }
    assert_eq!(Database::open(data.path()).views(), 0);
}

#[track_caller]
fn assert_all(replayed: &Ended, batches: usize, outcome: &str) {
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    let told = replayed.output.iter().filter(|line| line.starts_with("writer ") && line.contains(outcome));
    assert_eq!(told.count(), batches, "{replayed:?}");
}
