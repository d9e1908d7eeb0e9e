//! The contracts of both ports, on the server that the environment names.

use std::sync::Arc;

use redis::{Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates};
use xkcd_adapters_redis::{RedisConfig, RedisSessionStore, RedisSignInThrottle, RedisStore, RedisTls};
use xkcd_domain::ports::session_store::SessionStore;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::secret::SecretValue;

use crate::fixtures::store;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}

/// Removes what a test has written.
struct Keys {
    client: Client,
    prefix: String,
}

impl Drop for Keys {
    fn drop(&mut self) {
        let mut connection = self.client.get_connection().unwrap();
        let mut scan = redis::cmd("SCAN");
        let found = scan.cursor_arg(0).arg("MATCH").arg(format!("{}*", self.prefix)).arg("COUNT").arg(1_000);
        let keys: Vec<String> = found.clone().iter(&mut connection).unwrap().map(Result::unwrap).collect();
        for key in keys {
            let _: u64 = redis::cmd("DEL").arg(key).query(&mut connection).unwrap();
        }
    }
}

fn shared_server() -> (RedisStore, Keys) {
    let authority = std::fs::read(setting("XKCDAPP_TEST_REDIS_CA")).unwrap();
    let (host, port) = (setting("XKCDAPP_TEST_REDIS_HOST"), setting("XKCDAPP_TEST_REDIS_PORT"));
    let password = setting("XKCDAPP_TEST_REDIS_PASSWORD");
    let mut config =
        RedisConfig::new(host.clone(), port.parse().unwrap(), RedisTls::VerifiedBy(authority.clone()));
    config.password = Some(SecretValue::new(password.clone()));
    config.key_prefix = format!("xkcdapp:test-{:016x}:", rand::random::<u64>());
    let info = ConnectionAddr::TcpTls { host, port: config.port, insecure: false, tls_params: None }
        .into_connection_info()
        .unwrap()
        .set_redis_settings(RedisConnectionInfo::default().set_password(password));
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(authority) };
    let client = Client::build_with_tls(info, certificates).unwrap();
    let keys = Keys { client, prefix: config.key_prefix.clone() };
    (store(config), keys)
}

fn sessions() -> (Arc<dyn SessionStore>, Keys) {
    let (store, keys) = shared_server();
    (Arc::new(RedisSessionStore::new(store)), keys)
}

fn throttle() -> (Arc<dyn SignInThrottle>, Keys) {
    let (store, keys) = shared_server();
    (Arc::new(RedisSignInThrottle::new(store)), keys)
}

xkcd_domain::contract_tests! {
    #[ignore = "needs Redis: scripts/test"]
    #[tokio::test(flavor = "multi_thread")]
    session_store => sessions()
}

xkcd_domain::contract_tests! {
    #[ignore = "needs Redis: scripts/test"]
    #[tokio::test(flavor = "multi_thread")]
    sign_in_throttle => throttle()
}
