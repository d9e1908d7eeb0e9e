//! What is in Redis, and what is not.

use xkcd_adapters_redis::{RedisConfig, RedisSessionStore, RedisSignInThrottle};
use xkcd_domain::ports::session_store::{SessionStore, SessionStoreError};
use xkcd_domain::ports::sign_in_throttle::{SignInThrottle, SignInThrottleError};
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt};

use crate::fixtures::{LONG, random_key, session, store};
use crate::redis_server::RedisServer;

fn an_attempt() -> SignInAttempt {
    SignInAttempt::new("randall", [192, 0, 2, 1].into())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn all_keys_have_the_prefix_and_an_end() {
    let server = RedisServer::start();
    let store = store(RedisConfig { key_prefix: "xkcdapp:a-test:".to_owned(), ..server.config() });
    let key = random_key();
    RedisSessionStore::new(store.clone()).create(&key, &session(), LONG).await.unwrap();
    RedisSignInThrottle::new(store).attempt(&an_attempt()).await.unwrap();

    let mut keys: Vec<String> = server.run("KEYS *");
    keys.sort();

    assert_eq!(
        keys,
        [format!("xkcdapp:a-test:session:{key}"), "xkcdapp:a-test:sign-in:192.0.2.1".to_owned()]
    );
    for (key, longest) in keys.iter().zip([LONG, SIGN_IN_LIMITS.window]) {
        let left: u64 = server.run(&format!("PTTL {key}"));
        let longest = u64::try_from(longest.as_millis()).unwrap();
        assert!((longest - 10_000..=longest).contains(&left), "{key} lasts for {left} ms more");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn looking_for_what_is_not_there_writes_nothing() {
    let server = RedisServer::start();
    let store = store(server.config());
    let (sessions, key) = (RedisSessionStore::new(store.clone()), random_key());

    assert_eq!(sessions.load(&key).await.unwrap(), None);
    assert!(!sessions.touch(&key, LONG).await.unwrap());
    sessions.remove(&key).await.unwrap();
    RedisSignInThrottle::new(store).clear(&an_attempt()).await.unwrap();

    assert_eq!(server.run::<u64>("DBSIZE"), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn what_is_no_session_is_corrupt_and_neither_absent_nor_unavailable() {
    let server = RedisServer::start();
    let (sessions, key) = (RedisSessionStore::new(store(server.config())), random_key());

    let _: () = server.run(&format!("SET xkcdapp:session:{key} garbage"));
    assert!(matches!(sessions.load(&key).await, Err(SessionStoreError::Corrupt(_))));

    let _: u64 = server.run(&format!("DEL xkcdapp:session:{key}"));
    let _: u64 = server.run(&format!("HSET xkcdapp:session:{key} field value"));
    assert!(matches!(sessions.load(&key).await, Err(SessionStoreError::Corrupt(_))));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn what_is_no_count_is_corrupt() {
    let server = RedisServer::start();
    let throttle = RedisSignInThrottle::new(store(server.config()));

    let _: () = server.run("SET xkcdapp:sign-in:192.0.2.1 garbage");

    assert!(matches!(throttle.attempt(&an_attempt()).await, Err(SignInThrottleError::Corrupt(_))));
}
