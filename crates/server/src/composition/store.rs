//! The store of counts, the archive and accounts: SQLite or PostgreSQL, by configuration alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use xkcd_adapters_local::{
    SqliteAccountStore, SqliteComicArchive, SqliteConfig, SqliteStore, SqliteViewCounter, SqliteViewLedger,
};
use xkcd_adapters_postgres::{
    PostgresAccountStore, PostgresComicArchive, PostgresConfig, PostgresLimits, PostgresStore,
    PostgresStoreError, PostgresViewCounter, PostgresViewLedger, Roots, Tls,
};
use xkcd_domain::ports::account_store::AccountStore;
use xkcd_domain::ports::comic_archive::ComicArchive;
use xkcd_domain::ports::secret_provider::SecretProvider;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::ViewLedger;

use super::{ComposeError, PoolFigures};
use crate::config::{Config, Credentials, DatabaseAddress, StoreConfig, TlsConfig};

/// How long after the start an outdated schema still ends the process, rather than keep it from being ready.
const REFUSES_WITHIN: Duration = Duration::from_secs(2);

/// The store, whichever it is. Cheap to clone.
#[derive(Clone)]
pub enum Store {
    /// One file.
    Sqlite(SqliteStore),
    /// A server.
    Postgres(PostgresStore),
}

impl Store {
    /// Opens the file, or begins to connect to the server; the latter neither waits nor fails.
    pub(super) async fn open(
        config: &Config,
        credentials: &Credentials,
        secrets: Arc<dyn SecretProvider>,
        runtime: &Handle,
    ) -> Result<Self, ComposeError> {
        match (&config.store, &credentials.database) {
            (StoreConfig::Postgres(tls), Some(address)) => {
                let config = postgres_config(address, tls)?;
                Ok(Self::Postgres(PostgresStore::start(config, secrets, runtime)))
            }
            (StoreConfig::Postgres(_), None) => Err(ComposeError::NoAddress("PostgreSQL")),
            (StoreConfig::Sqlite, _) => open_file(&config.data, runtime).await.map(Self::Sqlite),
        }
    }

    /// The port that counts views.
    #[must_use]
    pub fn counter(&self) -> Arc<dyn ViewCounter> {
        match self.clone() {
            Self::Sqlite(store) => Arc::new(SqliteViewCounter::new(store)),
            Self::Postgres(store) => Arc::new(PostgresViewCounter::new(store)),
        }
    }

    /// The port that keeps accounts.
    #[must_use]
    pub fn accounts(&self) -> Arc<dyn AccountStore> {
        match self.clone() {
            Self::Sqlite(store) => Arc::new(SqliteAccountStore::new(store)),
            Self::Postgres(store) => Arc::new(PostgresAccountStore::new(store)),
        }
    }

    pub(super) fn ledger(&self) -> Arc<dyn ViewLedger> {
        match self.clone() {
            Self::Sqlite(store) => Arc::new(SqliteViewLedger::new(store)),
            Self::Postgres(store) => Arc::new(PostgresViewLedger::new(store)),
        }
    }

    pub(super) fn archive(&self) -> Arc<dyn ComicArchive> {
        match self.clone() {
            Self::Sqlite(store) => Arc::new(SqliteComicArchive::new(store)),
            Self::Postgres(store) => Arc::new(PostgresComicArchive::new(store)),
        }
    }

    /// Where it is, for people.
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Self::Sqlite(store) => store.file().display().to_string(),
            Self::Postgres(store) => store.location(),
        }
    }

    /// Whether it and a fitting schema were reached once. A file is opened before the app listens.
    pub(super) fn was_reached(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(store) => store.reached(),
        }
    }

    /// Whether it is known to be down. Those who use the file find out themselves.
    pub(super) fn is_down(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(store) => store.is_down(),
        }
    }

    pub(super) fn pool(&self) -> Option<PoolFigures> {
        let Self::Postgres(store) = self else { return None };
        let status = store.pool_status();
        let in_use = status.size.saturating_sub(status.available);
        Some(PoolFigures {
            pool: "postgres",
            connections: [("idle", status.available), ("in_use", in_use), ("waiting", status.waiting)],
        })
    }

    /// Brings the schema up to date; returns its version. A file's is since it was opened.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub async fn migrate(&self) -> Result<i64, ComposeError> {
        match self {
            Self::Sqlite(store) => Ok(store.schema_version()),
            Self::Postgres(store) => {
                Ok(store.migrate().await.map_err(ComposeError::Database)?.version.into())
            }
        }
    }

    /// Tries all of it: whether it can be read and written, and whether its schema fits. Returns the
    /// schema's version.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub async fn verify(&self) -> Result<i64, ComposeError> {
        match self {
            Self::Sqlite(store) => {
                store.ping().await.map_err(ComposeError::File)?;
                store.verify().await.map_err(ComposeError::File)?;
                Ok(store.schema_version())
            }
            Self::Postgres(store) => Ok(store.check().await.map_err(ComposeError::Database)?.version.into()),
        }
    }

    /// Returns once it is known that the app must not go on with it: the schema is not one of this release,
    /// and that was found right after the start. Found later, it keeps the app from being ready.
    pub(super) async fn refused(&self) -> ComposeError {
        let Self::Postgres(store) = self else { return std::future::pending().await };
        match timeout(REFUSES_WITHIN, outdated(store)).await {
            Ok(Some(error)) => ComposeError::Database(error),
            _ => std::future::pending().await,
        }
    }
}

/// What is wrong with the schema, as soon as the server can be asked.
async fn outdated(store: &PostgresStore) -> Option<PostgresStoreError> {
    const PAUSE: Duration = Duration::from_millis(500);
    loop {
        match store.check().await {
            Ok(_) => return None,
            Err(
                error @ (PostgresStoreError::SchemaOlder { .. } | PostgresStoreError::SchemaNewer { .. }),
            ) => {
                return Some(error);
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

pub(super) async fn open_file(folder: &Path, runtime: &Handle) -> Result<SqliteStore, ComposeError> {
    let config = SqliteConfig::new(folder);
    let opened = runtime.spawn_blocking(move || SqliteStore::open(&config)).await;
    opened.map_err(ComposeError::Broken)?.map_err(ComposeError::Store)
}

fn postgres_config(address: &DatabaseAddress, tls: &TlsConfig) -> Result<PostgresConfig, ComposeError> {
    let roots = match tls {
        TlsConfig::Disable => None,
        TlsConfig::Verify(None) => Some(Roots::amazon_rds()),
        TlsConfig::Verify(Some(pem)) => Some(Roots::from_pem(pem)),
    };
    let roots =
        roots.transpose().map_err(|error| ComposeError::Roots("XKCDAPP_DATABASE_CA", error.into()))?;
    Ok(PostgresConfig {
        host: address.host.clone(),
        port: address.port,
        database: address.name.clone(),
        user: address.user.clone(),
        password: address.password.clone(),
        tls: roots.map_or(Tls::Disable, Tls::VerifyFull),
        limits: PostgresLimits::default(),
    })
}
