//! Which adapters are used: the only room that names them.

mod secrets;
mod sessions;
mod store;

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web::Bytes;
use tokio::runtime::Handle;
use xkcd_adapters_local::{BuiltInComics, OpenError, SqliteStoreError, local_secret_key};
use xkcd_adapters_postgres::PostgresStoreError;
use xkcd_adapters_redis::{RedisConfigError, RedisStoreError};
use xkcd_adapters_ssm::InvalidParameterPrefix;
use xkcd_adapters_xkcd::{XkcdComics, XkcdConfig, XkcdConfigError};
use xkcd_domain::comic::InvalidUrl;
use xkcd_domain::ports::account_store::AccountStore;
use xkcd_domain::ports::comic_archive::ComicArchive;
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::ports::session_store::SessionStore;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::ViewLedger;
use xkcd_domain::secret::SecretValue;
use xkcd_domain::show_comic::ShowComic;
use xkcd_domain::views::{ViewBatch, WriterId};
use xkcd_group_commit::{GroupCommit, GroupCommitConfig};

use crate::assets::DRAWINGS;
use crate::config::{ComicsConfig, Config, Credentials, Mistakes};
use secrets::Provider;
pub use sessions::Sessions;
pub use store::Store;

/// Names the app to xkcd.com.
const USER_AGENT: &str = concat!("xkcdapp/", env!("CARGO_PKG_VERSION"), " (random comics with view counts)");

/// A part can't be had, so the app can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The secrets can't be had.
    #[error("the secrets can't be had")]
    Secrets(#[source] SecretProviderError),
    /// The secrets do not say where a server is.
    #[error("the secrets do not say where {0} is")]
    NoAddress(&'static str),
    /// The secrets are there and not fit.
    #[error(transparent)]
    Unfit(Mistakes),
    /// The prefix is not one of the Parameter Store.
    #[error("XKCDAPP_SSM_PREFIX is not a path of the Parameter Store")]
    Prefix(#[source] InvalidParameterPrefix),
    /// The file of the embedded store can't be opened.
    #[error(transparent)]
    Store(OpenError),
    /// The file of the embedded store can't be used.
    #[error("the store can't be used")]
    File(#[source] SqliteStoreError),
    /// The database can't be used.
    #[error(transparent)]
    Database(PostgresStoreError),
    /// The sessions' store is not configured in a way that can work.
    #[error(transparent)]
    RedisConfig(RedisConfigError),
    /// The sessions' store can't be used.
    #[error(transparent)]
    Redis(RedisStoreError),
    /// The roots to trust can't be read.
    #[error("{0} holds no certificates that can be used")]
    Roots(&'static str, #[source] Box<dyn Error + Send + Sync>),
    /// The local secret key can't be read or made.
    #[error("the secret key can't be had")]
    SecretKey(#[source] Box<dyn Error + Send + Sync>),
    /// The upstream's client can't be made.
    #[error("the client of the comic source can't be started")]
    Upstream(#[source] XkcdConfigError),
    /// The built-in comics can't be served where they should be.
    #[error("the built-in comics can't be served")]
    BuiltIn(#[source] InvalidUrl),
    /// A thread of the app broke down.
    #[error("the app could not be put together")]
    Broken(#[source] tokio::task::JoinError),
}

impl ComposeError {
    /// Which part it is about.
    #[must_use]
    pub const fn part(&self) -> &'static str {
        match self {
            Self::Secrets(_) | Self::NoAddress(_) | Self::Unfit(_) | Self::Prefix(_) | Self::SecretKey(_) => {
                "secrets"
            }
            Self::Store(_) | Self::File(_) | Self::Database(_) => "store",
            Self::RedisConfig(_) | Self::Redis(_) => "sessions",
            Self::Upstream(_) | Self::BuiltIn(_) => "comics",
            Self::Roots(..) | Self::Broken(_) => "app",
        }
    }

    /// Whether the operator has to correct a setting.
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Prefix(_) | Self::RedisConfig(_) | Self::Roots(..))
    }
}

/// The stores, and the secrets to reach them: what every verb needs.
pub struct Stores {
    /// Counts, the archive, accounts.
    pub store: Store,
    /// Sessions.
    pub sessions: Sessions,
    /// What the secrets say.
    pub credentials: Credentials,
    /// Where the secrets come from, for people.
    pub secrets_from: String,
    /// Gives secrets that only one verb needs.
    pub secrets: Arc<dyn SecretProvider>,
}

impl Stores {
    /// Reads the secrets, opens what is a file and prepares to connect to what is a server. All of it lives
    /// on `runtime`, which has to be a multi-thread one: it runs by itself, where a web server's worker may be
    /// busy or be stopped.
    ///
    /// # Errors
    ///
    /// When the secrets are not all there, or a file can't be opened.
    pub async fn open(config: &Config, runtime: &Handle) -> Result<Self, ComposeError> {
        let provider = Provider::connect(&config.secrets, runtime).await?;
        let secrets = provider.read(config.wanted_secrets(), runtime).await?;
        let credentials =
            Credentials::parse(&secrets, &config.store, &config.sessions).map_err(ComposeError::Unfit)?;
        let store = Store::open(config, &credentials, provider.port(), runtime).await?;
        let sessions = Sessions::open(config, &credentials, &store, provider.port(), runtime).await?;
        Ok(Self {
            store,
            sessions,
            credentials,
            secrets_from: provider.to_string(),
            secrets: provider.port(),
        })
    }

    /// The key that signs what browsers keep: the given one, or one that is made on the first start and kept
    /// in the data folder.
    ///
    /// # Errors
    ///
    /// When it can't be read or made.
    pub fn secret_key(&self, config: &Config) -> Result<SecretValue, ComposeError> {
        match &self.credentials.secret_key {
            Some(given) => Ok(given.clone()),
            None => local_secret_key(&config.data).map_err(|error| ComposeError::SecretKey(error.into())),
        }
    }
}

/// The parts of the running app that reach outside.
pub struct Parts {
    /// Which comic a visitor sees.
    pub show_comic: ShowComic,
    /// Counts views.
    pub views: GroupCommit,
    /// Knows the counts.
    pub counter: Arc<dyn ViewCounter>,
    /// Signs what browsers keep for the app.
    pub secret_key: SecretValue,
    store: Store,
    sessions: Sessions,
    built_in: BuiltInComics,
    upstream: Option<XkcdComics>,
}

impl Parts {
    /// Opens the stores and starts what works in the background, on `runtime`.
    ///
    /// # Errors
    ///
    /// As [`Stores::open`], and when the secret key can't be made.
    pub async fn start(config: &Config, runtime: &Handle) -> Result<Self, ComposeError> {
        let stores = Stores::open(config, runtime).await?;
        let secret_key = stores.secret_key(config)?;
        let Stores { store, sessions, .. } = stores;
        let _on_the_runtime = runtime.enter();
        let upstream = match &config.comics {
            ComicsConfig::BuiltIn => None,
            ComicsConfig::Xkcd(url) => Some(start_upstream(url, store.archive())?),
        };
        let built_in = BuiltInComics::new(DRAWINGS).map_err(ComposeError::BuiltIn)?;
        let show_comic = match upstream.clone() {
            Some(upstream) => ShowComic::new(Arc::new(upstream), Arc::new(built_in.clone())),
            None => ShowComic::built_in_only(Arc::new(built_in.clone())),
        };
        let writer = WriterId::from_random(rand::random());
        let counter = store.counter();
        let views = GroupCommit::start(Arc::clone(&counter), writer, GroupCommitConfig::default());
        sessions.watch(runtime);
        Ok(Self { show_comic, views, counter, secret_key, store, sessions, built_in, upstream })
    }

    /// What the admin site works with.
    #[must_use]
    pub fn admin_ports(&self) -> AdminPorts {
        AdminPorts {
            accounts: self.store.accounts(),
            ledger: self.store.ledger(),
            sessions: self.sessions.sessions(),
            throttle: self.sessions.throttle(),
        }
    }

    /// Whether the view store and its schema were reached once.
    #[must_use]
    pub fn store_was_reached(&self) -> bool {
        self.store.was_reached()
    }

    /// Returns once it is known that the app must not go on with its store: see [`ComposeError::Database`].
    pub async fn refused(&self) -> ComposeError {
        self.store.refused().await
    }

    /// What may not work while pages are served, and whether that is so at the moment.
    #[must_use]
    pub fn conditions(&self) -> [(&'static str, bool); 3] {
        let xkcd_is_down = self.upstream.as_ref().is_some_and(|upstream| upstream.status().upstream_down);
        [
            ("views", self.views.status().degraded || self.store.is_down()),
            ("sessions", self.sessions.is_down()),
            ("xkcd", xkcd_is_down),
        ]
    }

    /// What does not work at the moment, though pages are served.
    #[must_use]
    pub fn degraded(&self) -> Vec<&'static str> {
        self.conditions().into_iter().filter(|(_, is_degraded)| *is_degraded).map(|(part, _)| part).collect()
    }

    /// Counters of the comic source by metric and result, since the start; none without an upstream.
    #[must_use]
    pub fn upstream_figures(&self) -> Option<UpstreamFigures> {
        let stats = self.upstream.as_ref()?.stats();
        Some(UpstreamFigures {
            requests: [
                ("ok", stats.upstream_ok),
                ("not_found", stats.upstream_not_found),
                ("timeout", stats.upstream_timeout),
                ("unreachable", stats.upstream_unreachable),
                ("refused", stats.upstream_refused),
                ("invalid", stats.upstream_invalid),
            ],
            cache: [("hit", stats.cache_hit), ("miss", stats.cache_miss), ("stale", stats.cache_stale)],
        })
    }

    /// Connections to servers, those that there are.
    pub fn pools(&self) -> impl Iterator<Item = PoolFigures> {
        self.store.pool().into_iter().chain(self.sessions.pool())
    }

    /// The drawings of the built-in comics: the path each is served under, and the SVG.
    pub fn drawings(&self) -> impl Iterator<Item = (String, Bytes)> {
        self.built_in.drawings().map(|drawing| (drawing.path, Bytes::from_static(drawing.svg)))
    }

    /// Ends the background work in good order; returns the views that could not be written by `deadline`.
    pub async fn finish(&self, deadline: Instant) -> Vec<ViewBatch> {
        // Views first: they are what must not be lost, and the archive can be filled again.
        let unwritten = self.views.finish(deadline).await;
        if let Some(upstream) = &self.upstream {
            upstream.finish(deadline).await;
        }
        unwritten
    }
}

/// The ports behind the admin site.
#[derive(Clone)]
pub struct AdminPorts {
    /// Who may sign in.
    pub accounts: Arc<dyn AccountStore>,
    /// The counts, and their history.
    pub ledger: Arc<dyn ViewLedger>,
    /// Who is signed in.
    pub sessions: Arc<dyn SessionStore>,
    /// Who guesses passwords.
    pub throttle: Arc<dyn SignInThrottle>,
}

/// Counters of the comic source: each a result and how often it came.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamFigures {
    /// Requests to xkcd.com.
    pub requests: [(&'static str, u64); 6],
    /// Comics that were asked for.
    pub cache: [(&'static str, u64); 3],
}

/// Connections to a server.
#[derive(Clone, Copy, Debug)]
pub struct PoolFigures {
    /// Which server.
    pub pool: &'static str,
    /// How many of them are in each state, callers that wait for one included.
    pub connections: [(&'static str, usize); 3],
}

fn start_upstream(url: &str, archive: Arc<dyn ComicArchive>) -> Result<XkcdComics, ComposeError> {
    let config = XkcdConfig::new(url.to_owned(), USER_AGENT.to_owned());
    XkcdComics::start(config, archive).map_err(ComposeError::Upstream)
}
