//! Lines of a log, applied once, in the order of their numbers.

use std::sync::Arc;

use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use xkcd_domain::views::{ViewBatch, WriterId};
use xkcd_group_commit::{ReplayReport, UnwrittenBatch, replay};

use crate::scripted_counter::{ScriptedCounter, Step};
use crate::{WRITER, batch};

const NOW: OffsetDateTime = datetime!(2026-11-24 16:00 UTC);
const OTHER_WRITER: WriterId = WriterId::from_random(8);

fn store() -> Arc<ScriptedCounter> {
    ScriptedCounter::new([], Step::WORKS)
}

fn line_of(batch: ViewBatch, age: Duration) -> String {
    UnwrittenBatch { batch, at: NOW - age }.to_line()
}

fn line(writer: WriterId, number: u64, views: &[(u32, u32)]) -> String {
    line_of(batch(writer, number, views), Duration::HOUR)
}

async fn run(store: &ScriptedCounter, lines: &[String]) -> ReplayReport {
    replay(store, lines, NOW).await
}

fn said(report: &ReplayReport) -> Vec<String> {
    let of_writer =
        |text: String| text.replace(&WRITER.to_string(), "A").replace(&OTHER_WRITER.to_string(), "B");
    report.batches.iter().map(|it| of_writer(it.to_string())).collect()
}

#[tokio::test]
async fn lines_that_a_log_collector_wrapped_are_told() {
    let store = store();
    let wrapped = serde_json::json!({ "log": line(WRITER, 3, &[(353, 1)]), "stream": "stdout" }).to_string();

    let report = run(&store, &[wrapped, "an unrelated line".to_owned()]).await;

    assert_eq!((report.batches.len(), report.other_lines, report.lines_in_passing), (0, 2, 1));
}

#[tokio::test]
async fn lines_are_applied_by_writer_and_number_in_whatever_order_they_come() {
    let store = store();
    let lines = [
        line(OTHER_WRITER, 9, &[(7, 1)]),
        line(WRITER, 4, &[(353, 4)]),
        "an unrelated line".to_owned(),
        line(WRITER, 3, &[(353, 1), (1, 2)]),
    ];

    let report = run(&store, &lines).await;

    assert!(report.is_complete());
    assert_eq!(report.other_lines, 1);
    assert_eq!(
        said(&report),
        [
            "writer A, batch 3, views 3: added",
            "writer A, batch 4, views 4: added",
            "writer B, batch 9, views 1: added"
        ]
    );
    assert_eq!((store.count(353), store.count(1), store.count(7)), (5, 2, 1));
}

#[tokio::test]
async fn a_line_already_applied_is_skipped_and_said_so() {
    let store = store();
    let lines = [line(WRITER, 3, &[(353, 1)]), line(WRITER, 4, &[(353, 1)])];
    run(&store, &lines[..1]).await;

    let report = run(&store, &lines).await;

    assert!(report.is_complete());
    assert_eq!(
        said(&report),
        ["writer A, batch 3, views 1: skipped, already applied", "writer A, batch 4, views 1: added"]
    );
    assert_eq!(store.count(353), 2);
}

#[tokio::test]
async fn a_line_exported_twice_counts_once() {
    let store = store();
    let twice = line(WRITER, 3, &[(353, 1)]);

    let report = run(&store, &[twice.clone(), twice]).await;

    assert_eq!(said(&report), ["writer A, batch 3, views 1: added"]);
    assert_eq!(store.count(353), 1);
}

#[tokio::test]
async fn a_line_older_than_365_days_is_refused() {
    let store = store();
    let (in_time, too_old) = (Duration::days(365), Duration::days(365) + Duration::SECOND);
    let lines =
        [line_of(batch(WRITER, 3, &[(353, 1)]), too_old), line_of(batch(WRITER, 4, &[(353, 1)]), in_time)];

    let report = run(&store, &lines).await;

    assert!(!report.is_complete());
    assert_eq!(
        said(&report),
        ["writer A, batch 3, views 1: refused, older than 365 days", "writer A, batch 4, views 1: added"]
    );
    assert_eq!(store.sum(), 1);
}

#[tokio::test]
async fn two_lines_that_differ_under_one_number_stop_their_writer_and_no_other() {
    let store = store();
    let lines = [
        line(WRITER, 2, &[(1, 1)]),
        line(WRITER, 3, &[(353, 1)]),
        line(WRITER, 3, &[(353, 2)]),
        line(OTHER_WRITER, 3, &[(7, 1)]),
    ];

    let report = run(&store, &lines).await;

    assert!(!report.is_complete());
    assert_eq!(
        said(&report),
        [
            "writer A, batch 2, views 1: not tried",
            "writer A, batch 3, views 1: refused, two lines that differ have this number",
            "writer B, batch 3, views 1: added"
        ]
    );
    assert_eq!(store.sum(), 1);
}

#[tokio::test]
async fn an_invalid_line_stops_everything_before_it_began() {
    let store = store();
    let lines = [
        line(WRITER, 4, &[(353, 1)]),
        line(WRITER, 3, &[(353, 1)]).replace("353:1", "353:0"),
        line(OTHER_WRITER, 1, &[(353, 1)]),
    ];

    let report = run(&store, &lines).await;

    assert!(!report.is_complete());
    assert_eq!(report.invalid_lines.len(), 1);
    assert_eq!(report.invalid_lines[0].0, 2);
    assert!(said(&report).iter().all(|it| it.ends_with("not tried")), "{:?}", said(&report));
    assert_eq!(store.sent(), []);
}

#[tokio::test]
async fn a_failure_of_the_store_stops_its_writer_so_that_a_second_run_can_complete_it() {
    let store = ScriptedCounter::new([Step::WORKS, Step::LOSES_THE_ANSWER], Step::WORKS);
    let lines = [
        line(WRITER, 3, &[(353, 1)]),
        line(WRITER, 4, &[(353, 1)]),
        line(WRITER, 5, &[(353, 1)]),
        line(OTHER_WRITER, 3, &[(7, 1)]),
    ];

    let report = run(&store, &lines).await;

    assert!(!report.is_complete());
    assert_eq!(
        said(&report),
        [
            "writer A, batch 3, views 1: added",
            "writer A, batch 4, views 1: failed, the view store can't be reached",
            "writer A, batch 5, views 1: not tried",
            "writer B, batch 3, views 1: added"
        ]
    );

    assert!(run(&store, &lines).await.is_complete());
    assert_eq!((store.count(353), store.count(7)), (3, 1));
}
