//! What happens to calls while Redis is in trouble, and afterwards.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use xkcd_adapters_redis::{RedisSessionStore, RedisSignInThrottle, RedisStore, RedisStoreError};
use xkcd_domain::ports::session_store::{SessionStore, SessionStoreError};
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::throttle::{SignInAttempt, SignInVerdict};

use crate::fixtures::{LONG, chain, random_key, session, store};
use crate::redis_server::RedisServer;

/// Why a call failed; panics when Redis was taken to have answered.
fn unavailable<T: std::fmt::Debug>(outcome: Result<T, SessionStoreError>) -> RedisStoreError {
    match outcome {
        Err(SessionStoreError::Unavailable(cause)) => *cause.downcast().unwrap(),
        other => panic!("not taken for an outage: {other:?}"),
    }
}

/// Makes calls at once until they use several connections.
async fn open_several(store: &RedisStore) {
    for _ in 0..1_000 {
        for outcome in join_all((0..8).map(|_| store.ping())).await {
            outcome.unwrap();
        }
        if store.connections().idle > 1 {
            return;
        }
    }
    panic!("calls at the same time use one connection: {:?}", store.connections());
}

fn connections_received(server: &RedisServer) -> u64 {
    let info: String = server.run("INFO stats");
    let line = info.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    line.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_server_that_was_killed_is_unavailable_and_the_first_call_after_its_return_succeeds() {
    let mut server = RedisServer::start();
    let store = store(server.config());
    let (sessions, key) = (RedisSessionStore::new(store.clone()), random_key());
    sessions.create(&key, &session(), LONG).await.unwrap();
    open_several(&store).await;

    server.kill();
    let failure = unavailable(sessions.load(&key).await);
    assert!(matches!(failure, RedisStoreError::Connect { .. }), "{failure}");
    unavailable(sessions.touch(&key, LONG).await);
    unavailable(sessions.remove(&key).await);

    server.start_again();
    assert_eq!(sessions.load(&key).await.unwrap(), None, "what was not kept is absent, not unavailable");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn connections_that_broke_while_idle_are_not_noticed_by_a_call() {
    let mut server = RedisServer::start();
    let store = store(server.config());
    let (sessions, key) = (RedisSessionStore::new(store.clone()), random_key());
    open_several(&store).await;

    server.kill();
    server.start_again();

    assert_eq!(sessions.load(&key).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_paused_server_is_given_up_in_time_and_serves_again_when_it_goes_on() {
    let server = RedisServer::start();
    let store = store(server.config());
    let (sessions, key) = (RedisSessionStore::new(store.clone()), random_key());
    sessions.create(&key, &session(), LONG).await.unwrap();

    server.pause();
    let began = Instant::now();
    let calls = (0..20).map(|_| sessions.load(&key));
    for outcome in join_all(calls).await {
        unavailable(outcome);
    }
    assert!(began.elapsed() < Duration::from_millis(1_500), "20 calls at once took {:?}", began.elapsed());
    assert_eq!(store.connections().waiting, 0);
    let began = Instant::now();
    unavailable(sessions.touch(&key, LONG).await);
    assert!(began.elapsed() < Duration::from_millis(1_500), "one call took {:?}", began.elapsed());

    server.resume();
    assert_eq!(sessions.load(&key).await.unwrap(), Some(session()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_server_that_has_become_a_replica_is_left() {
    let server = RedisServer::start();
    let store = store(server.config());
    let (sessions, key) = (RedisSessionStore::new(store.clone()), random_key());
    open_several(&store).await;

    let _: String = server.run("REPLICAOF 127.0.0.1 9");
    let before = connections_received(&server);
    let failure = unavailable(sessions.create(&key, &session(), LONG).await);

    assert!(matches!(failure, RedisStoreError::ReadOnly(_)), "{}", chain(&failure));
    // One of them is that which counts.
    assert_eq!(connections_received(&server), before + 2, "the second attempt was made on a new connection");

    let _: String = server.run("REPLICAOF NO ONE");
    sessions.create(&key, &session(), LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_replica_counts_no_attempts_to_sign_in() {
    let server = RedisServer::start();
    let throttle = RedisSignInThrottle::new(store(server.config()));
    let attempt = SignInAttempt::new("randall", [192, 0, 2, 1].into());

    let _: String = server.run("REPLICAOF 127.0.0.1 9");
    let failure = throttle.attempt(&attempt).await.unwrap_err();

    assert!(chain(&failure).contains("read only"), "{}", chain(&failure));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_server_without_memory_is_unavailable_for_what_needs_some() {
    let server = RedisServer::start();
    let store = store(server.config());
    let (sessions, key) = (RedisSessionStore::new(store.clone()), random_key());
    let throttle = RedisSignInThrottle::new(store);
    let attempt = SignInAttempt::new("randall", [192, 0, 2, 1].into());
    sessions.create(&key, &session(), LONG).await.unwrap();

    let _: () = server.run("CONFIG SET maxmemory 1");
    let failure = unavailable(sessions.create(&random_key(), &session(), LONG).await);

    assert!(matches!(failure, RedisStoreError::OutOfMemory(_)), "{}", chain(&failure));
    let failure = throttle.attempt(&attempt).await.unwrap_err();
    assert!(chain(&failure).contains("out of memory"), "{}", chain(&failure));
    assert_eq!(server.run::<u64>("DBSIZE"), 1, "nothing was added");
    assert_eq!(sessions.load(&key).await.unwrap(), Some(session()), "what is there is not forgotten");
    assert!(sessions.touch(&key, LONG).await.unwrap());

    let _: () = server.run("CONFIG SET maxmemory 0");
    assert_eq!(throttle.attempt(&attempt).await.unwrap(), SignInVerdict::Allowed);
}

#[test]
#[ignore = "needs Redis: scripts/test"]
fn connections_outlive_the_runtimes_that_call() {
    let server = RedisServer::start();
    let lasting = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let entered = lasting.enter();
    let store = store(server.config());
    drop(entered);
    let sessions = RedisSessionStore::new(store.clone());

    for _ in 0..3 {
        let passing = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(passing.block_on(sessions.load(&random_key())).unwrap(), None);
    }

    assert_eq!(store.connections().open, 1, "all used the same connection");
}
