//! The throttle's time, told by moving its attempts into the past or the future.

use std::time::Duration;

use xkcd_adapters_redis::RedisSignInThrottle;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};

use crate::fixtures::store;
use crate::redis_server::RedisServer;

const KEY: &str = "xkcdapp:sign-in:192.0.2.1";
const WINDOW_MS: i64 = 15 * 60_000;

fn an_attempt(name: &str) -> SignInAttempt {
    SignInAttempt::new(name, [192, 0, 2, 1].into())
}

/// The attempts that are remembered, the earliest first.
fn remembered(server: &RedisServer) -> Vec<(String, i64)> {
    server.run(&format!("ZRANGE {KEY} 0 -1 WITHSCORES"))
}

/// As if the attempts had been made so much later; the first `count` of them.
fn shift(server: &RedisServer, count: usize, by_ms: i64) {
    for (attempt, _) in remembered(server).iter().take(count) {
        let _: f64 = server.run(&format!("ZINCRBY {KEY} {by_ms} {attempt}"));
    }
}

async fn use_up(throttle: &RedisSignInThrottle, name: &str) {
    for _ in 0..SIGN_IN_LIMITS.per_name_and_address {
        assert_eq!(throttle.attempt(&an_attempt(name)).await.unwrap(), SignInVerdict::Allowed);
    }
}

async fn wait(throttle: &RedisSignInThrottle, name: &str) -> Duration {
    match throttle.attempt(&an_attempt(name)).await.unwrap() {
        SignInVerdict::Wait(wait) => wait,
        SignInVerdict::Allowed => panic!("{name} was allowed"),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn the_wait_ends_when_the_attempt_in_the_way_is_forgotten() {
    let server = RedisServer::start();
    let throttle = RedisSignInThrottle::new(store(server.config()));
    use_up(&throttle, "randall").await;

    shift(&server, 1, 60_000 - WINDOW_MS);
    let wait = wait(&throttle, "randall").await;
    assert!(wait <= Duration::from_mins(1) && wait > Duration::from_secs(50), "{wait:?}");

    shift(&server, 1, -60_000);
    assert_eq!(throttle.attempt(&an_attempt("randall")).await.unwrap(), SignInVerdict::Allowed);
    assert_eq!(remembered(&server).len(), 5, "what does not count any more is not kept");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn both_limits_have_to_let_an_attempt_pass() {
    let server = RedisServer::start();
    let throttle = RedisSignInThrottle::new(store(server.config()));
    for name in ["a", "b", "c", "d"] {
        use_up(&throttle, name).await;
    }

    // The attempts of a are forgotten in a minute; those of d only in a window's time.
    shift(&server, 5, 60_000 - WINDOW_MS);

    let newcomer = wait(&throttle, "e").await;
    assert!(newcomer <= Duration::from_mins(1), "the address lets somebody else pass after {newcomer:?}");
    let known = wait(&throttle, "d").await;
    assert!(known > Duration::from_mins(14), "the name has to wait for longer: {known:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_clock_that_was_set_back_makes_nobody_wait_for_longer_than_the_window() {
    let server = RedisServer::start();
    let throttle = RedisSignInThrottle::new(store(server.config()));
    use_up(&throttle, "randall").await;

    shift(&server, 5, 86_400_000);
    let first = wait(&throttle, "randall").await;
    assert!(first <= SIGN_IN_LIMITS.window, "{first:?}");

    shift(&server, 5, -60_000);
    let second = wait(&throttle, "randall").await;
    assert!(second + Duration::from_mins(1) <= SIGN_IN_LIMITS.window, "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn scripts_that_the_server_has_forgotten_are_sent_again() {
    let server = RedisServer::start();
    let throttle = RedisSignInThrottle::new(store(server.config()));

    for _ in 0..2 {
        let _: () = server.run("SCRIPT FLUSH");
        assert_eq!(throttle.attempt(&an_attempt("randall")).await.unwrap(), SignInVerdict::Allowed);
        let _: () = server.run("SCRIPT FLUSH");
        throttle.clear(&an_attempt("randall")).await.unwrap();
    }

    assert_eq!(remembered(&server).len(), 0);
}
