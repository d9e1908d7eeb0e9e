//! A batch as a line of the log: complete, bounded, and refused when anything is wrong with it.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::{BatchNumber, ViewBatch, WriterId};
use xkcd_group_commit::{InvalidLine, UnwrittenBatch};

use crate::{WRITER, batch};

const LINE: &str = concat!(
    r#"{"timestamp":"2026-11-24T16:00:00Z","level":"ERROR","event":"views.unwritten","#,
    r#""writer":"00000000000000000000000000000007","batch":3,"views":"353:2,1000001:1"}"#
);

fn unwritten() -> UnwrittenBatch {
    UnwrittenBatch {
        batch: batch(WRITER, 3, &[(353, 2), (1_000_001, 1)]),
        at: datetime!(2026-11-24 16:00 UTC),
    }
}

fn read(line: &str) -> Option<UnwrittenBatch> {
    UnwrittenBatch::from_line(line).unwrap()
}

fn error(line: &str) -> String {
    assert_ne!(line, LINE, "the line was not changed");
    UnwrittenBatch::from_line(line).unwrap_err().to_string()
}

#[test]
fn a_batch_is_one_json_object_on_one_line() {
    assert_eq!(unwritten().to_line(), LINE);
    assert_eq!(read(LINE), Some(unwritten()));
}

#[test]
fn the_time_is_written_in_utc_wherever_it_was_taken() {
    let elsewhere = UnwrittenBatch { at: datetime!(2026-11-25 01:00 +9), ..unwritten() };

    assert_eq!(elsewhere.to_line(), LINE);
}

#[test]
fn the_largest_batch_takes_at_most_12_kb() {
    let largest = i32::MAX.cast_unsigned();
    let views: BTreeMap<_, _> =
        (largest - 499..=largest).map(|number| (ComicNumber::try_from(number).unwrap(), u32::MAX)).collect();
    let number = BatchNumber::try_from(i64::MAX.cast_unsigned()).unwrap();
    let batch = ViewBatch::new(WriterId::from_random(u128::MAX), number, views).unwrap();
    let largest = UnwrittenBatch { batch, at: datetime!(2026-11-24 16:00:00.123456789 UTC) };
    let line = largest.to_line();

    assert!(line.len() <= 12_000, "{} bytes", line.len());
    assert_eq!(read(&line), Some(largest));
}

#[test]
fn the_line_is_found_behind_the_prefix_of_an_exporter() {
    for prefix in ["2026-11-24T16:00:01Z ", "app-1  | ", "{web} [x] ", "2026-11-24T16:00:01Z stdout F "] {
        assert_eq!(read(&format!("{prefix}{LINE}\r\n")), Some(unwritten()), "{prefix}");
    }
}

#[test]
fn other_lines_are_no_batches_even_when_they_quote_one() {
    let quoted = LINE.replace('"', "\\\"");
    let others = [
        String::new(),
        "panic: no JSON here".to_owned(),
        r#"{"event":"views.pending","count":3}"#.to_owned(),
        "the event views.unwritten is explained in the manual".to_owned(),
        format!(r#"{{"event":"request","path":"/?q={quoted}"}}"#),
        format!(r#"{{"level":"INFO","nested":{LINE}}}"#),
    ];
    for other in &others {
        assert_eq!(read(other), None, "{other}");
    }
}

#[test]
fn a_changed_line_is_refused_with_the_reason() {
    let views = |views: &str| error(&LINE.replace("353:2,1000001:1", views));
    for form in
        ["", "353", "353:", ":1", "353:0", "353:02", "353:+2", "353:-2", "353: 2", "353:2,", "0:1", "404:1"]
    {
        assert_eq!(
            views(form),
            "the views are not comic numbers with counts, as in 353:2,1000001:1",
            "{form}"
        );
    }
    for huge in ["353:4294967296", "2147483648:1", "99999999999999999999:1", "1:99999999999999999999"] {
        assert_eq!(
            views(huge),
            "the views are not comic numbers with counts, as in 353:2,1000001:1",
            "{huge}"
        );
    }
    assert_eq!(views("353:2,353:2"), "comic 353 is listed twice or out of order");
    assert_eq!(views("353:2,1:1"), "comic 1 is listed twice or out of order");
    let too_many: Vec<_> = (1_000..1_501).map(|number| format!("{number}:1")).collect();
    assert_eq!(views(&too_many.join(",")), "the batch is not one that was written by this app");

    for number in ["0", "9223372036854775808"] {
        let changed = LINE.replace(r#""batch":3"#, &format!(r#""batch":{number}"#));
        assert_eq!(error(&changed), "the batch is not one that was written by this app", "{number}");
    }
    assert_eq!(error(&LINE.replace("0007", "007")), "the batch is not one that was written by this app");
    let fields = "the line of unwritten views does not have the fields it was written with";
    for number in ["-3", "3.5", "1e400", "99999999999999999999", "\"3\"", "null"] {
        let changed = LINE.replace(r#""batch":3"#, &format!(r#""batch":{number}"#));
        assert!(error(&changed).starts_with("the line of unwritten views"), "{number}");
    }
    assert_eq!(error(&LINE.replace("2026-11", "2026-13")), fields);
    assert_eq!(error(&LINE.replace(r#""batch":3"#, r#""batch":3,"batch":4"#)), fields);
    assert_eq!(error(&LINE.replace(r#""batch":3"#, r#""batch":3,"count":4"#)), fields);
    assert_eq!(error(&LINE.replace(r#""batch":3,"#, "")), fields);
}

#[test]
fn a_line_that_is_cut_off_is_never_taken_for_less() {
    for end in 0..LINE.len() {
        match UnwrittenBatch::from_line(&LINE[..end]) {
            Ok(None) => assert!(!LINE[..end].contains("\"views.unwritten\""), "overlooked: {}", &LINE[..end]),
            Ok(Some(found)) => panic!("{found:?} in {}", &LINE[..end]),
            Err(error) => assert!(matches!(error, InvalidLine::Incomplete), "{error}"),
        }
    }
}

fn any_batch() -> impl Strategy<Value = UnwrittenBatch> {
    let comic = (1..=i32::MAX.cast_unsigned()).prop_filter_map("404", |it| ComicNumber::try_from(it).ok());
    let views = btree_map(comic, 1..=u32::MAX, 1..=ViewBatch::MAX_COMICS);
    let at = (0_i64..4_000_000_000, 0_i64..1_000_000_000);
    (any::<u128>(), 1..=i64::MAX.cast_unsigned(), views, at).prop_map(|(writer, number, views, at)| {
        let number = BatchNumber::try_from(number).unwrap();
        let batch = ViewBatch::new(WriterId::from_random(writer), number, views).unwrap();
        let at = OffsetDateTime::from_unix_timestamp(at.0).unwrap() + time::Duration::nanoseconds(at.1);
        UnwrittenBatch { batch, at }
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(unwritten in any_batch()) {
        let line = unwritten.to_line();

        prop_assert!(line.len() <= 12_000);
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(read(&line), Some(unwritten));
    }

    #[test]
    fn any_text_is_read_without_a_panic(before in ".{0,40}", cut in 0..LINE.len(), inserted in ".{0,40}") {
        let (head, tail) = LINE.split_at(cut);
        let _ = UnwrittenBatch::from_line(&format!("{before}{head}{inserted}{tail}"));
        let _ = UnwrittenBatch::from_line(&inserted);
    }
}
