//! Stores, sessions and passwords for the tests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use xkcd_adapters_redis::{RedisConfig, RedisStore};
use xkcd_domain::account::SessionEpoch;
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};
use xkcd_domain::session::{CsrfToken, Session, SessionId, SessionKey};

pub(crate) const LONG: Duration = Duration::from_mins(1);

pub(crate) fn session() -> Session {
    Session {
        username: "randall".parse().unwrap(),
        epoch: SessionEpoch(3),
        signed_in_at: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
        csrf_token: CsrfToken::from_bytes([7; 32]),
    }
}

pub(crate) fn random_key() -> SessionKey {
    SessionId::from_bytes(rand::random()).key()
}

/// Gives the password that was set last, and counts how often it was asked.
#[derive(Default)]
pub(crate) struct Passwords {
    password: Mutex<Option<String>>,
    asked: AtomicUsize,
}

impl Passwords {
    pub(crate) fn set(&self, password: &str) {
        *self.password.lock().unwrap() = Some(password.to_owned());
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl SecretProvider for Passwords {
    async fn get(
        &self,
        required: &[SecretName],
        optional: &[SecretName],
    ) -> Result<Secrets, SecretProviderError> {
        assert_eq!((required.len(), optional), (0, &[SecretName::new("ELASTICACHE_AUTH_TOKEN")][..]));
        self.asked.fetch_add(1, Ordering::SeqCst);
        let password = self.password.lock().unwrap().clone();
        Ok(password.map(|password| (optional[0].clone(), SecretValue::new(password))).into_iter().collect())
    }
}

pub(crate) fn store(config: RedisConfig) -> RedisStore {
    store_with(config, &Arc::default())
}

pub(crate) fn store_with(config: RedisConfig, passwords: &Arc<Passwords>) -> RedisStore {
    RedisStore::new(config, Arc::clone(passwords) as _, Handle::current())
        .expect("a configuration that works")
}

/// An error, followed by its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", chain(cause)))
}
