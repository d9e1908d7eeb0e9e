//! What the store's clock decides: instead of waiting, these tests make what is stored older.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use xkcd_adapters_local::{
    SqliteComicArchive, SqliteConfig, SqliteSessionStore, SqliteSignInThrottle, SqliteStore,
    SqliteViewCounter, SqliteViewLedger,
};
use xkcd_domain::account::SessionEpoch;
use xkcd_domain::comic::{Comic, ComicNumber};
use xkcd_domain::ports::comic_archive::{ArchivedComic, ComicArchive};
use xkcd_domain::ports::session_store::SessionStore;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::ViewLedger;
use xkcd_domain::session::{CsrfToken, Session, SessionId, SessionKey};
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};
use xkcd_domain::views::{BatchNumber, ViewBatch, WriterId};

const DAY: Duration = Duration::from_hours(24);

/// A store and a way around it.
fn opened() -> (TempDir, SqliteStore, Connection) {
    let folder = tempfile::tempdir().unwrap();
    // Patient with a busy machine.
    let config = SqliteConfig { answer_within: Duration::from_secs(10), ..SqliteConfig::new(folder.path()) };
    let store = SqliteStore::open(&config).unwrap();
    let connection = Connection::open(store.file()).unwrap();
    (folder, store, connection)
}

fn change(connection: &Connection, sql: &str) -> usize {
    connection.execute(sql, []).unwrap()
}

fn key(seed: u8) -> SessionKey {
    SessionId::from_bytes([seed; 32]).key()
}

fn session() -> Session {
    Session {
        username: "ada".parse().unwrap(),
        epoch: SessionEpoch(3),
        signed_in_at: datetime!(2026-05-01 12:00 UTC),
        csrf_token: CsrfToken::from_bytes([7; 32]),
    }
}

#[tokio::test]
async fn a_session_is_over_when_its_time_has_passed_and_is_not_revived() {
    let (_folder, store, connection) = opened();
    let sessions = SqliteSessionStore::new(store);
    sessions.create(&key(1), &session(), Duration::from_secs(100)).await.unwrap();

    change(&connection, "UPDATE sessions SET expires_at_ms = expires_at_ms - 99000");
    assert_eq!(sessions.load(&key(1)).await.unwrap(), Some(session()));

    change(&connection, "UPDATE sessions SET expires_at_ms = expires_at_ms - 1000");
    assert_eq!(sessions.load(&key(1)).await.unwrap(), None);
    assert!(!sessions.touch(&key(1), DAY).await.unwrap());
    assert_eq!(sessions.load(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn sessions_long_over_are_deleted_when_another_begins() {
    let (_folder, store, connection) = opened();
    let sessions = SqliteSessionStore::new(store);
    for seed in [1, 2] {
        sessions.create(&key(seed), &session(), Duration::from_secs(100)).await.unwrap();
    }
    change(&connection, "UPDATE sessions SET expires_at_ms = expires_at_ms - 3 * 86400000");

    sessions.create(&key(3), &session(), DAY).await.unwrap();

    let left: i64 = connection.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_ends_no_session() {
    let (_folder, store, connection) = opened();
    let sessions = SqliteSessionStore::new(store);
    sessions.create(&key(1), &session(), Duration::from_secs(100)).await.unwrap();

    change(&connection, "UPDATE sessions SET expires_at_ms = expires_at_ms - 3600000");
    sessions.create(&key(2), &session(), DAY).await.unwrap();
    change(&connection, "UPDATE sessions SET expires_at_ms = expires_at_ms + 3600000");

    assert_eq!(sessions.load(&key(1)).await.unwrap(), Some(session()));
}

fn attempt(name: &str) -> SignInAttempt {
    SignInAttempt::new(name, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)))
}

/// The wait that a refused attempt is told.
async fn wait(throttle: &SqliteSignInThrottle, name: &str) -> Duration {
    let SignInVerdict::Wait(wait) = throttle.attempt(&attempt(name)).await.unwrap() else {
        panic!("{name} may try")
    };
    wait
}

#[tokio::test]
async fn the_wait_ends_when_the_oldest_attempt_is_forgotten() {
    let (_folder, store, connection) = opened();
    let throttle = SqliteSignInThrottle::new(store);
    assert_eq!(throttle.attempt(&attempt("ada")).await.unwrap(), SignInVerdict::Allowed);
    change(&connection, "UPDATE sign_in_attempts SET attempted_at_ms = attempted_at_ms - 600000");
    for _ in 1..SIGN_IN_LIMITS.per_name_and_address {
        assert_eq!(throttle.attempt(&attempt("ada")).await.unwrap(), SignInVerdict::Allowed);
    }

    let told = wait(&throttle, "ada").await;

    let left = SIGN_IN_LIMITS.window.checked_sub(Duration::from_mins(10)).unwrap();
    assert!(told <= left && told > left.checked_sub(Duration::from_secs(5)).unwrap(), "{told:?}");
    let passed =
        format!("UPDATE sign_in_attempts SET attempted_at_ms = attempted_at_ms - {}", told.as_millis());
    change(&connection, &passed);
    assert_eq!(throttle.attempt(&attempt("ada")).await.unwrap(), SignInVerdict::Allowed);
    wait(&throttle, "ada").await;
}

#[tokio::test]
async fn the_longer_of_two_waits_is_told() {
    let (_folder, store, connection) = opened();
    let throttle = SqliteSignInThrottle::new(store);
    let names = SIGN_IN_LIMITS.per_address - SIGN_IN_LIMITS.per_name_and_address;
    for name in 0..names {
        throttle.attempt(&attempt(&format!("other{name}"))).await.unwrap();
    }
    change(&connection, "UPDATE sign_in_attempts SET attempted_at_ms = attempted_at_ms - 600000");
    for _ in 0..SIGN_IN_LIMITS.per_name_and_address {
        throttle.attempt(&attempt("ada")).await.unwrap();
    }

    assert!(wait(&throttle, "ada").await > Duration::from_mins(14), "the name's own limit");
    assert!(wait(&throttle, "grace").await < Duration::from_mins(6), "the limit of the address");
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_the_window() {
    let (_folder, store, connection) = opened();
    let throttle = SqliteSignInThrottle::new(store);
    for _ in 0..SIGN_IN_LIMITS.per_name_and_address {
        throttle.attempt(&attempt("ada")).await.unwrap();
    }
    change(&connection, "UPDATE sign_in_attempts SET attempted_at_ms = attempted_at_ms + 86400000");

    assert!(wait(&throttle, "ada").await <= SIGN_IN_LIMITS.window);
}

#[tokio::test]
async fn forgotten_attempts_are_deleted() {
    let (_folder, store, connection) = opened();
    let throttle = SqliteSignInThrottle::new(store);
    throttle.attempt(&attempt("ada")).await.unwrap();
    change(&connection, "UPDATE sign_in_attempts SET attempted_at_ms = attempted_at_ms - 900000");

    throttle.attempt(&attempt("grace")).await.unwrap();

    let left: i64 =
        connection.query_row("SELECT count(*) FROM sign_in_attempts", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_lease_is_free_when_it_ran_out_or_was_given_back() {
    let (_folder, store, connection) = opened();
    let archive = SqliteComicArchive::new(store);
    assert!(archive.claim_fill("one", Duration::from_mins(1)).await.unwrap());

    change(&connection, "UPDATE fill_lease SET expires_at_ms = expires_at_ms - 50000");
    assert!(!archive.claim_fill("two", Duration::from_mins(1)).await.unwrap());

    change(&connection, "UPDATE fill_lease SET expires_at_ms = expires_at_ms - 10000");
    assert!(archive.claim_fill("two", Duration::from_mins(1)).await.unwrap());
    assert!(!archive.claim_fill("one", Duration::from_mins(1)).await.unwrap());

    assert!(!archive.claim_fill("two", Duration::ZERO).await.unwrap(), "it is given back");
    assert!(archive.claim_fill("one", Duration::from_mins(1)).await.unwrap());
}

#[tokio::test]
async fn nothing_saved_is_missed_when_the_clock_is_set_back() {
    let (_folder, store, connection) = opened();
    let archive = SqliteComicArchive::new(store);
    let saved = |number: u32| {
        let comic = Comic {
            number: ComicNumber::try_from(number).unwrap(),
            title: "A comic".to_owned(),
            caption: None,
            transcript: None,
            image: None,
            link: None,
            interactive: false,
            published: None,
        };
        ArchivedComic { comic, fetched_at: OffsetDateTime::UNIX_EPOCH }
    };
    archive.save(&[saved(1)]).await.unwrap();
    change(&connection, "UPDATE comics SET saved_at_ms = saved_at_ms + 86400000");
    let seen = archive.load(None).await.unwrap();

    archive.save(&[saved(2)]).await.unwrap();

    let news = archive.load(Some(seen.as_of)).await.unwrap();
    assert_eq!(news.comics, [saved(2)]);
    assert!(archive.load(Some(news.as_of)).await.unwrap().comics.is_empty());
}

async fn count(store: &SqliteStore, writer: u128) -> bool {
    let views = BTreeMap::from([(ComicNumber::ONE, 1)]);
    let batch = ViewBatch::new(WriterId::from_random(writer), BatchNumber::FIRST, views).unwrap();
    SqliteViewCounter::new(store.clone()).apply(&batch).await.unwrap().added
}

#[tokio::test]
async fn writers_are_remembered_for_400_days() {
    let (_folder, store, connection) = opened();
    assert!(count(&store, 1).await);

    change(&connection, "UPDATE view_writers SET updated_at = updated_at - 399 * 86400");
    assert!(count(&store, 2).await);
    assert!(!count(&store, 1).await, "its batch is known still");

    change(&connection, "UPDATE view_writers SET updated_at = updated_at - 2 * 86400");
    assert!(count(&store, 3).await);
    let writers: Vec<String> = connection
        .prepare("SELECT writer FROM view_writers ORDER BY writer")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(writers, [2, 3].map(|it| WriterId::from_random(it).to_string()));
}

#[tokio::test]
async fn views_belong_to_the_utc_day_of_their_commit() {
    let (_folder, store, connection) = opened();
    count(&store, 1).await;
    change(&connection, "UPDATE daily_views SET day = date(day, '-1 day')");
    count(&store, 2).await;
    count(&store, 3).await;

    let today = OffsetDateTime::now_utc().date();
    let yesterday = today.previous_day().unwrap();
    let days = SqliteViewLedger::new(store).days(yesterday, today).await.unwrap();

    assert_eq!(days, [(yesterday, 1), (today, 2)]);
}
