use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;
use xkcd_domain::account::SessionEpoch;
use xkcd_domain::session::{CsrfToken, Session, SessionId, SessionPolicy};

const SIGNED_IN_AT: OffsetDateTime = datetime!(2026-11-25 12:00:00 UTC);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const POLICY: SessionPolicy = SessionPolicy { idle: HOUR, absolute: Duration::from_hours(12) };

fn session() -> Session {
    Session {
        username: "randall".parse().unwrap(),
        epoch: SessionEpoch(1),
        signed_in_at: SIGNED_IN_AT,
        csrf_token: CsrfToken::from_bytes([7; 32]),
    }
}

fn left(now: OffsetDateTime) -> Option<Duration> {
    session().time_to_live(POLICY, now)
}

#[test]
fn a_session_lasts_for_its_idle_time() {
    assert_eq!(left(SIGNED_IN_AT), Some(HOUR));
    assert_eq!(left(SIGNED_IN_AT + HOUR * 11), Some(HOUR));
}

#[test]
fn a_session_ends_when_its_absolute_time_has_passed() {
    assert_eq!(left(SIGNED_IN_AT + HOUR * 12 - MINUTE), Some(MINUTE));
    assert_eq!(left(SIGNED_IN_AT + HOUR * 12), None);
    assert_eq!(left(SIGNED_IN_AT + HOUR * 1_000), None);
    assert_eq!(left(OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT)), None);
}

#[test]
fn a_clock_set_back_does_not_end_a_session() {
    assert_eq!(left(SIGNED_IN_AT - MINUTE), Some(HOUR));
    assert_eq!(left(SIGNED_IN_AT - HOUR * 12), Some(HOUR));
}

#[test]
fn a_session_from_far_in_the_future_is_over() {
    assert_eq!(left(SIGNED_IN_AT - HOUR * 12 - MINUTE), None);
    assert_eq!(left(OffsetDateTime::UNIX_EPOCH), None);
}

#[test]
fn stores_know_a_session_by_the_hash_of_its_id() {
    let key = SessionId::from_bytes([0; 32]).key();
    // SHA-256 of 32 zero bytes.
    assert_eq!(key.to_string(), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    assert_ne!(SessionId::from_bytes([1; 32]).key(), key);
}

#[test]
fn neither_an_id_nor_a_token_is_shown() {
    let shown = format!("{:?} {:?}", SessionId::from_bytes([77; 32]), session());
    assert!(!shown.contains("77") && !shown.contains("7, 7"), "{shown}");
}
