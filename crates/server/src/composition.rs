//! Which adapters are used: the only file that names them.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web::Bytes;
use tokio::runtime::Handle;
use xkcd_adapters_local::{
    BuiltInComics, OpenError, SqliteComicArchive, SqliteConfig, SqliteStore, SqliteViewCounter,
    local_secret_key,
};
use xkcd_adapters_xkcd::{XkcdComics, XkcdConfig};
use xkcd_domain::comic::InvalidUrl;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::secret::SecretValue;
use xkcd_domain::show_comic::ShowComic;
use xkcd_domain::views::{ViewBatch, WriterId};
use xkcd_group_commit::{GroupCommit, GroupCommitConfig};

use crate::assets::DRAWINGS;
use crate::config::{ComicsConfig, Config, SECRET_KEY};

/// Names the app to xkcd.com, as its makers would want to be told who asks.
const USER_AGENT: &str = concat!("xkcdapp/", env!("CARGO_PKG_VERSION"), " (random comics with view counts)");

/// The parts of the running app that reach outside.
pub struct Parts {
    /// Which comic a visitor sees.
    pub show_comic: ShowComic,
    /// Counts views.
    pub views: GroupCommit,
    /// Signs what browsers keep for the app.
    pub secret_key: SecretValue,
    built_in: BuiltInComics,
    upstream: Option<XkcdComics>,
}

/// A part can't be had, so the app can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The store can't be opened.
    #[error(transparent)]
    Store(OpenError),
    /// The local secret key can't be read or made.
    #[error("the secret key can't be had")]
    SecretKey(#[source] Box<dyn Error + Send + Sync>),
    /// The upstream's client can't be made.
    #[error("the client of the comic source can't be started")]
    Upstream(#[source] Box<dyn Error + Send + Sync>),
    /// The built-in comics can't be served where they should be.
    #[error("the built-in comics can't be served")]
    BuiltIn(#[source] InvalidUrl),
    /// A thread of the app broke down.
    #[error("the store could not be opened")]
    Broken(#[source] tokio::task::JoinError),
}

impl Parts {
    /// Opens the store and starts what works in the background. All of it lives on `runtime`, which has to
    /// be a multi-thread one: a web server's worker may be busy or be stopped.
    ///
    /// # Errors
    ///
    /// When the store or the secret key can't be opened.
    pub async fn start(config: &Config, runtime: &Handle) -> Result<Self, ComposeError> {
        let store = open_store(&config.data, runtime).await?;
        let secret_key = match config.secrets.get(SECRET_KEY.as_str()) {
            Some(given) => given.clone(),
            None => local_secret_key(&config.data).map_err(|error| ComposeError::SecretKey(error.into()))?,
        };
        let _on_the_runtime = runtime.enter();
        let upstream = match &config.comics {
            ComicsConfig::BuiltIn => None,
            ComicsConfig::Xkcd(url) => Some(start_upstream(url, store.clone())?),
        };
        let built_in = BuiltInComics::new(DRAWINGS).map_err(ComposeError::BuiltIn)?;
        let show_comic = match upstream.clone() {
            Some(upstream) => ShowComic::new(Arc::new(upstream), Arc::new(built_in.clone())),
            None => ShowComic::built_in_only(Arc::new(built_in.clone())),
        };
        let counter = Arc::new(SqliteViewCounter::new(store));
        let writer = WriterId::from_random(rand::random());
        let views = GroupCommit::start(counter, writer, GroupCommitConfig::default());
        Ok(Self { show_comic, views, secret_key, built_in, upstream })
    }

    /// Whether the view store and its schema were reached once. SQLite is opened before the app listens.
    #[must_use]
    pub const fn store_was_reached(&self) -> bool {
        true
    }

    /// What does not work at the moment, though pages are served: `views`, `xkcd`.
    #[must_use]
    pub fn degraded(&self) -> Vec<&'static str> {
        let xkcd_is_down = self.upstream.as_ref().is_some_and(|upstream| upstream.status().upstream_down);
        let parts = [("views", self.views.status().degraded), ("xkcd", xkcd_is_down)];
        parts.into_iter().filter(|(_, is_degraded)| *is_degraded).map(|(part, _)| part).collect()
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

/// Counters of the comic source: each a result and how often it came.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamFigures {
    /// Requests to xkcd.com.
    pub requests: [(&'static str, u64); 6],
    /// Comics that were asked for.
    pub cache: [(&'static str, u64); 3],
}

/// The store of counts, migrated; for the verbs that need nothing else.
pub struct Store {
    store: SqliteStore,
}

impl Store {
    /// Opens and migrates it.
    ///
    /// # Errors
    ///
    /// When it can't be opened and written, or is not ours.
    pub async fn open(config: &Config) -> Result<Self, ComposeError> {
        Ok(Self { store: open_store(&config.data, &Handle::current()).await? })
    }

    /// Where it is, for people.
    #[must_use]
    pub fn location(&self) -> String {
        self.store.file().display().to_string()
    }

    /// The version of its schema.
    #[must_use]
    pub fn schema_version(&self) -> i64 {
        self.store.schema_version()
    }

    /// Writes to it and reads all of it.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub async fn verify(&self) -> Result<(), impl Error + Send + Sync + 'static> {
        self.store.ping().await?;
        self.store.verify().await
    }

    /// The port that counts views.
    #[must_use]
    pub fn counter(&self) -> Arc<dyn ViewCounter> {
        Arc::new(SqliteViewCounter::new(self.store.clone()))
    }
}

/// Makes sure that there is a secret key, as a server would; says where it came from.
///
/// # Errors
///
/// When it can't be read or made.
pub fn secret_key_source(config: &Config) -> Result<&'static str, ComposeError> {
    if config.secrets.contains_key(SECRET_KEY.as_str()) {
        return Ok("environment");
    }
    local_secret_key(&config.data).map_err(|error| ComposeError::SecretKey(error.into()))?;
    Ok("data folder")
}

async fn open_store(folder: &Path, runtime: &Handle) -> Result<SqliteStore, ComposeError> {
    let config = SqliteConfig::new(folder);
    let opened = runtime.spawn_blocking(move || SqliteStore::open(&config)).await;
    opened.map_err(ComposeError::Broken)?.map_err(ComposeError::Store)
}

fn start_upstream(url: &str, store: SqliteStore) -> Result<XkcdComics, ComposeError> {
    let config = XkcdConfig::new(url.to_owned(), USER_AGENT.to_owned());
    XkcdComics::start(config, Arc::new(SqliteComicArchive::new(store)))
        .map_err(|error| ComposeError::Upstream(error.into()))
}
