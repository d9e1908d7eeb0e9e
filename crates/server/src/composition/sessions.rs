//! Where sessions are kept: SQLite or Redis, by configuration alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;
use xkcd_adapters_local::{SqliteSessionStore, SqliteSignInThrottle, SqliteStore};
use xkcd_adapters_redis::{RedisConfig, RedisSessionStore, RedisSignInThrottle, RedisStore, RedisTls};
use xkcd_domain::ports::secret_provider::SecretProvider;
use xkcd_domain::ports::session_store::SessionStore;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;

use super::store::{Store, open_file};
use super::{ComposeError, PoolFigures};
use crate::config::{Config, Credentials, RedisAddress, SessionsConfig, TlsConfig};

/// How often Redis is asked whether it is there, so that an operator hears of an outage before an admin does.
const LOOK: Duration = Duration::from_secs(5);

/// The sessions' store, whichever it is.
pub enum Sessions {
    /// One file.
    Sqlite(SqliteStore),
    /// A server, and whether it did not answer last time.
    Redis(RedisStore, Arc<AtomicBool>),
}

impl Sessions {
    pub(super) async fn open(
        config: &Config,
        credentials: &Credentials,
        store: &Store,
        secrets: Arc<dyn SecretProvider>,
        runtime: &Handle,
    ) -> Result<Self, ComposeError> {
        match (&config.sessions, &credentials.redis, store) {
            (SessionsConfig::Redis(tls), Some(address), _) => {
                let store = RedisStore::new(redis_config(address, tls), secrets, runtime.clone());
                Ok(Self::Redis(store.map_err(ComposeError::RedisConfig)?, Arc::default()))
            }
            (SessionsConfig::Redis(_), None, _) => Err(ComposeError::NoAddress("Redis")),
            (SessionsConfig::Sqlite, _, Store::Sqlite(store)) => Ok(Self::Sqlite(store.clone())),
            (SessionsConfig::Sqlite, _, Store::Postgres(_)) => {
                open_file(&config.data, runtime).await.map(Self::Sqlite)
            }
        }
    }

    /// The port that keeps sessions.
    pub(super) fn sessions(&self) -> Arc<dyn SessionStore> {
        match self {
            Self::Sqlite(store) => Arc::new(SqliteSessionStore::new(store.clone())),
            Self::Redis(store, _) => Arc::new(RedisSessionStore::new(store.clone())),
        }
    }

    /// The port that counts attempts to sign in.
    pub(super) fn throttle(&self) -> Arc<dyn SignInThrottle> {
        match self {
            Self::Sqlite(store) => Arc::new(SqliteSignInThrottle::new(store.clone())),
            Self::Redis(store, _) => Arc::new(RedisSignInThrottle::new(store.clone())),
        }
    }

    /// Whether it is known to be down.
    pub(super) fn is_down(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Redis(_, is_down) => is_down.load(Ordering::Relaxed),
        }
    }

    /// Keeps an eye on a server, as long as the app runs.
    pub(super) fn watch(&self, runtime: &Handle) {
        let Self::Redis(store, is_down) = self else { return };
        let (store, is_down) = (store.clone(), Arc::clone(is_down));
        runtime.spawn(async move {
            loop {
                is_down.store(store.ping().await.is_err(), Ordering::Relaxed);
                sleep(LOOK).await;
            }
        });
    }

    pub(super) fn pool(&self) -> Option<PoolFigures> {
        let Self::Redis(store, _) = self else { return None };
        let figures = store.connections();
        let in_use = figures.open.saturating_sub(figures.idle);
        Some(PoolFigures {
            pool: "redis",
            connections: [("idle", figures.idle), ("in_use", in_use), ("waiting", figures.waiting)],
        })
    }

    /// Tries it; returns what is worth to know.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub async fn verify(&self) -> Result<SessionsReport, ComposeError> {
        match self {
            Self::Sqlite(store) => {
                store.ping().await.map_err(ComposeError::File)?;
                Ok(SessionsReport { found: store.file().display().to_string(), warnings: Vec::new() })
            }
            Self::Redis(store, _) => {
                let report = store.check().await.map_err(ComposeError::Redis)?;
                let tls = if report.tls { "TLS" } else { "no TLS" };
                let found = format!("Redis {} at {}, {tls}", report.version, report.address);
                Ok(SessionsReport { found, warnings: report.warnings })
            }
        }
    }
}

/// What [`Sessions::verify`] found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionsReport {
    /// Where they are kept.
    pub found: String,
    /// What should be otherwise, though it works.
    pub warnings: Vec<String>,
}

fn redis_config(address: &RedisAddress, tls: &TlsConfig) -> RedisConfig {
    let tls = match tls {
        TlsConfig::Disable => RedisTls::Disabled,
        TlsConfig::Verify(None) => RedisTls::Verified,
        TlsConfig::Verify(Some(pem)) => RedisTls::VerifiedBy(pem.clone()),
    };
    let mut config = RedisConfig::new(address.host.clone(), address.port, tls);
    config.password.clone_from(&address.auth_token);
    config
}
