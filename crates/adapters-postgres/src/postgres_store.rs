//! One PostgreSQL database, and the connections to it.

mod advice;
mod causes;
mod columns;
mod config;
mod connections;
mod connector;
mod error;
mod outage;
mod password;
mod roots;
mod schema;
mod work;

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use deadpool_postgres::Client;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout, timeout_at};
use tracing::Instrument;
use xkcd_domain::ports::secret_provider::SecretProvider;

pub(crate) use columns::{Columns, count, number};
pub use config::{PostgresConfig, PostgresLimits, Tls};
use connections::{Connections, discard};
use connector::{Connector, Purpose};
pub use error::PostgresStoreError;
use outage::Outage;
pub use password::PASSWORD;
pub use roots::{InvalidRoots, Roots};
pub use schema::Schema;
pub(crate) use work::{Statement, Work};

/// How often a call is tried, within its time limit.
const ATTEMPTS: u32 = 4;
/// How long a migrator has to connect: no page waits for it.
const MIGRATOR_CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// How often a server that can't be used is tried.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A handle of the database, cheap to clone. The adapters of the ports are made from it.
///
/// All connections are made and driven on the runtime that it was started with, whatever runtime its callers
/// are on. A caller that leaves in the middle does not end what it began.
#[derive(Clone)]
pub struct PostgresStore(Arc<Shared>);

struct Shared {
    runtime: Handle,
    connector: Connector,
    connections: Connections,
    outage: Outage,
    reached: AtomicBool,
    /// Whether somebody tries the database until it can be used.
    is_tried: AtomicBool,
    retries: AtomicU64,
}

/// The connections at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolStatus {
    /// How many there may be.
    pub max: usize,
    /// How many there are.
    pub size: usize,
    /// How many of them are idle.
    pub available: usize,
    /// How many calls wait for one.
    pub waiting: usize,
}

impl PostgresStore {
    /// Begins to use a database, which need not be there yet: it is tried in the background, once a second,
    /// until it can be used; and again whenever it could not be.
    ///
    /// `runtime` drives the connections and has to be a multi-thread one, which runs by itself; nothing on it may
    /// block, or all answers wait. `secrets` is asked for [`PASSWORD`] when the server
    /// refuses the one it has.
    #[must_use]
    pub fn start(config: PostgresConfig, secrets: Arc<dyn SecretProvider>, runtime: &Handle) -> Self {
        let connector = Connector::new(config, secrets);
        let store = Self(Arc::new(Shared {
            runtime: runtime.clone(),
            connections: Connections::new(connector.clone()),
            connector,
            outage: Outage::default(),
            reached: AtomicBool::new(false),
            is_tried: AtomicBool::new(false),
            retries: AtomicU64::new(0),
        }));
        store.await_answer();
        store
    }

    /// Where the database is, for people.
    #[must_use]
    pub fn location(&self) -> String {
        let config = self.0.connector.config();
        format!("{} at {}", config.database, config.server())
    }

    /// Whether the database can be used now: the server answers, takes writes, has a schema for this release,
    /// and the user has the rights.
    ///
    /// # Errors
    ///
    /// When it can't; the message says what to do.
    pub async fn check(&self) -> Result<Schema, PostgresStoreError> {
        self.run(Check).await
    }

    /// Whether the database could be used once.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.0.reached.load(Ordering::Relaxed)
    }

    /// Whether the last call could not use the database.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.0.outage.lasts()
    }

    /// Brings the schema up to date, over a connection of its own. When several do so at once, one works and
    /// the others wait for it. A newer schema that serves this release is left as it is.
    ///
    /// # Errors
    ///
    /// When the database can't be reached, or its schema not be changed: it is as it was then.
    pub async fn migrate(&self) -> Result<Schema, PostgresStoreError> {
        let connector = self.0.connector.clone();
        self.on_runtime(async move {
            let opened = timeout(MIGRATOR_CONNECTS_WITHIN, connector.open(Purpose::Migration)).await;
            let Ok(opened) = opened else {
                let advice = advice::no_answer(connector.config());
                return Err(PostgresStoreError::Unreachable { advice, source: None });
            };
            let opened = opened.map_err(|it| PostgresStoreError::unreachable(connector.config(), it));
            let (mut client, _driver) = opened?;
            schema::migrate(&mut client).await?;
            schema::check(&client).await
        })
        .await
    }

    /// The connections now.
    #[must_use]
    pub fn pool_status(&self) -> PoolStatus {
        self.0.connections.status()
    }

    /// How often a call was tried again since the start.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.0.retries.load(Ordering::Relaxed)
    }

    /// Does some work over a connection, within the time limit of a call. It is done again when it failed for
    /// a reason that may be gone: when it is repeatable, or surely was not done.
    ///
    /// # Errors
    ///
    /// When it may have been done or not; when it was not done.
    pub(crate) async fn run<W: Work>(&self, work: W) -> Result<W::Answer, PostgresStoreError> {
        let store = self.clone();
        self.on_runtime(async move { store.attempt_all(&work).await }).await
    }

    /// Does some work that nobody waits for, and that is done another time when it fails.
    pub(crate) fn run_unattended(&self, work: impl Work) {
        let store = self.clone();
        self.0.runtime.spawn(async move { store.attempt_all(&work).await.map(|_| ()) });
    }

    /// Lets the store's runtime do it, to the end, also when the caller leaves.
    async fn on_runtime<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, PostgresStoreError>> + Send + 'static,
    ) -> Result<T, PostgresStoreError> {
        let ended = self.0.runtime.spawn(task.in_current_span()).await;
        ended.unwrap_or(Err(PostgresStoreError::Ended))
    }

    /// Has the database tried in the background until it can be used, if nobody does yet: that it is back is known
    /// without a visitor.
    fn await_answer(&self) {
        if !self.0.is_tried.swap(true, Ordering::SeqCst) {
            self.0.runtime.spawn(try_until_it_answers(Arc::downgrade(&self.0)));
        }
    }

    async fn attempt_all<W: Work>(&self, work: &W) -> Result<W::Answer, PostgresStoreError> {
        let shared = &self.0;
        let deadline = Instant::now() + shared.connector.config().limits.answer_within;
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.attempt(work, deadline).await {
                Ok(answer) => {
                    shared.reached.store(true, Ordering::Relaxed);
                    shared.outage.answered();
                    return Ok(answer);
                }
                Err(error) => {
                    let in_time = left > 0 && Instant::now() < deadline;
                    if in_time && error.allows_another_attempt(work.is_repeatable()) {
                        shared.retries.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    if error.is_outage() {
                        shared.outage.failed(&error);
                        self.await_answer();
                    }
                    return Err(error);
                }
            }
        }
    }

    async fn attempt<W: Work>(&self, work: &W, deadline: Instant) -> Result<W::Answer, PostgresStoreError> {
        let Shared { connections, connector, .. } = &*self.0;
        let mut client = connections.get(deadline).await?;
        let outcome = timeout_at(deadline.into(), work.run(&mut client)).await;
        let outcome = outcome
            .unwrap_or_else(|_| Err(PostgresStoreError::TooLate(connector.config().limits.answer_within)));
        if outcome.as_ref().is_err_and(PostgresStoreError::condemns_connection) {
            discard(client);
            connections.distrust_all();
        }
        outcome
    }
}

/// Tries the database until it can be used, or nobody needs it any more.
async fn try_until_it_answers(store: Weak<Shared>) {
    while let Some(shared) = store.upgrade() {
        let store = PostgresStore(shared);
        if store.check().await.is_ok() {
            store.0.is_tried.store(false, Ordering::SeqCst);
            // A call that failed meanwhile has started nobody.
            if !store.is_down() || store.0.is_tried.swap(true, Ordering::SeqCst) {
                break;
            }
        }
        drop(store);
        sleep(TRY_AGAIN_AFTER).await;
    }
}

/// Looks at a session as at a new one.
struct Check;

#[async_trait]
impl Work for Check {
    type Answer = Schema;

    fn is_repeatable(&self) -> bool {
        true
    }

    async fn run(&self, client: &mut Client) -> Result<Schema, PostgresStoreError> {
        schema::check(client).await
    }
}
