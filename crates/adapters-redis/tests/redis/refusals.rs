//! Settings that are wrong, each with one message that says what to look at.

use std::sync::Arc;

use xkcd_adapters_redis::{RedisConfig, RedisStoreError, RedisTls};
use xkcd_domain::secret::SecretValue;

use crate::fixtures::{Passwords, chain, store, store_with};
use crate::redis_server::{PASSWORD, RedisServer, authority, free_port};

async fn refusal(config: RedisConfig) -> RedisStoreError {
    store(config).ping().await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nobody_listens_is_told() {
    let port = free_port();

    let failure = refusal(RedisConfig::new("127.0.0.1", port, RedisTls::Verified)).await;

    assert!(matches!(failure, RedisStoreError::Connect { .. }), "{failure:?}");
    let told = chain(&failure);
    assert!(told.contains(&format!("127.0.0.1:{port}")) && told.contains("Connection refused"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_exist_is_told() {
    let failure = refusal(RedisConfig::new("redis.invalid", 6379, RedisTls::Verified)).await;

    assert!(matches!(failure, RedisStoreError::Connect { .. }), "{failure:?}");
    assert!(chain(&failure).contains("redis.invalid:6379"), "{}", chain(&failure));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_server_of_another_authority_is_not_trusted() {
    let server = RedisServer::start();
    let others = authority().pem().into_bytes();
    for tls in [RedisTls::Verified, RedisTls::VerifiedBy(others)] {
        let failure = refusal(RedisConfig { tls, ..server.config() }).await;

        assert!(matches!(failure, RedisStoreError::Tls { .. }), "{}", chain(&failure));
        assert_eq!(chain(&failure).matches("invalid peer certificate").count(), 1, "{}", chain(&failure));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_server_under_another_name_is_not_trusted() {
    let server = RedisServer::start();

    let failure = refusal(RedisConfig { host: "localhost".to_owned(), ..server.config() }).await;

    assert!(matches!(failure, RedisStoreError::Tls { .. }), "{}", chain(&failure));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn tls_and_plain_text_do_not_fall_back_to_each_other() {
    let (server, plain) = (RedisServer::start(), RedisServer::start_plain());

    let plain_text_to_tls = RedisConfig { tls: RedisTls::Disabled, ..server.config() };
    let tls_to_plain_text = RedisConfig::new("127.0.0.1", plain.port, RedisTls::Verified);
    for config in [plain_text_to_tls, tls_to_plain_text] {
        let failure = refusal(config).await;
        assert!(matches!(failure, RedisStoreError::Connect { .. }), "{}", chain(&failure));
    }

    store(RedisConfig::new("127.0.0.1", plain.port, RedisTls::Disabled)).ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_wrong_password_is_told_and_not_shown() {
    let server = RedisServer::start();
    let wrong = SecretValue::new("hunter2-hunter2".to_owned());
    for password in [Some(wrong), None] {
        let failure = refusal(RedisConfig { password, ..server.config() }).await;

        assert!(matches!(failure, RedisStoreError::Password { .. }), "{failure:?}");
        let told = chain(&failure);
        assert!(told.contains("ELASTICACHE_AUTH_TOKEN") && !told.contains("hunter2"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_password_that_was_changed_is_read_again() {
    let server = RedisServer::start();
    let passwords = Arc::new(Passwords::default());
    let old = Some(SecretValue::new("the old one".to_owned()));
    for password in [old, None] {
        passwords.set(PASSWORD);
        let store = store_with(RedisConfig { password, ..server.config() }, &passwords);

        store.ping().await.unwrap();
        store.ping().await.unwrap();
    }

    assert_eq!(passwords.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn a_password_that_stays_wrong_is_not_read_again_for_every_call() {
    let server = RedisServer::start();
    let passwords = Arc::new(Passwords::default());
    passwords.set("another wrong one");
    let password = Some(SecretValue::new("a wrong one".to_owned()));
    let store = store_with(RedisConfig { password, ..server.config() }, &passwords);

    for _ in 0..5 {
        assert!(matches!(store.ping().await, Err(RedisStoreError::Password { .. })));
    }

    assert_eq!(passwords.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn the_check_says_what_is_there_and_warns_of_what_forgets() {
    let server = RedisServer::start();
    let store = store(server.config());

    let report = store.check().await.unwrap();
    assert_eq!(report.warnings, Vec::<String>::new());
    assert!(report.tls);
    assert_eq!(report.address, format!("127.0.0.1:{}", server.port));
    assert_eq!(report.eviction_policy.as_deref(), Some("noeviction"));
    assert!(report.version.contains('.'), "{}", report.version);

    let _: () = server.run("CONFIG SET maxmemory-policy allkeys-lru");
    let report = store.check().await.unwrap();
    assert!(report.warnings.iter().any(|warning| warning.contains("allkeys-lru")), "{:?}", report.warnings);
}
