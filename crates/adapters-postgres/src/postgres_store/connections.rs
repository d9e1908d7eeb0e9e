//! The connections that calls share.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use deadpool_postgres::{TimeoutType, Timeouts};
use tokio::time::timeout_at;

use super::connector::Connector;
use super::{PoolStatus, PostgresLimits, PostgresStoreError, Schema, advice, schema};

/// A pool of connections that can be trusted.
pub(super) struct Connections {
    connector: Connector,
    pool: Pool,
    /// Connections made before this moment are not used any more.
    trusted_since: Mutex<Option<Instant>>,
}

impl Connections {
    #[expect(clippy::expect_used, reason = "a pool that is told its runtime can be built")]
    pub(super) fn new(connector: Connector) -> Self {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        // The connector has a configuration of its own: the password in it changes.
        let manager = Manager::from_connect(tokio_postgres::Config::new(), connector.clone(), recycling);
        let pool = Pool::builder(manager)
            .max_size(connector.config().limits.connections.max(1))
            .runtime(Runtime::Tokio1)
            .build()
            .expect("the pool is told its runtime");
        Self { connector, pool, trusted_since: Mutex::new(None) }
    }

    /// A connection to a server that takes writes and has a schema for this release.
    pub(super) async fn get(&self, deadline: Instant) -> Result<Client, PostgresStoreError> {
        if self.status().waiting >= self.limits().queue {
            return Err(PostgresStoreError::Busy);
        }
        loop {
            let client =
                self.pool.timeout_get(&self.timeouts(deadline)).await.map_err(|it| self.refused(it))?;
            let metrics = Object::metrics(&client);
            if self.trusted_since().is_some_and(|since| metrics.created <= since) {
                discard(client);
                continue;
            }
            if metrics.recycle_count == 0
                && let Err(error) = self.check(&client, deadline).await
            {
                discard(client);
                return Err(error);
            }
            return Ok(client);
        }
    }

    /// Whether a session finds what it needs.
    pub(super) async fn check(
        &self,
        client: &Client,
        deadline: Instant,
    ) -> Result<Schema, PostgresStoreError> {
        let checked = timeout_at(deadline.into(), schema::check(client)).await;
        checked.unwrap_or(Err(PostgresStoreError::TooLate(self.limits().answer_within)))
    }

    /// Lets no connection that there is be used again: what broke one of them has probably broken all.
    pub(super) fn distrust_all(&self) {
        *self.trusted_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        PoolStatus {
            max: status.max_size,
            size: status.size,
            available: status.available,
            waiting: status.waiting,
        }
    }

    fn trusted_since(&self) -> Option<Instant> {
        *self.trusted_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> PostgresLimits {
        self.connector.config().limits
    }

    fn timeouts(&self, deadline: Instant) -> Timeouts {
        let left = deadline.saturating_duration_since(Instant::now());
        // To wait for no time at all means something else to the pool.
        let left = left.max(Duration::from_millis(1));
        let create = left.min(self.limits().connect_within);
        Timeouts { wait: Some(left), create: Some(create), recycle: Some(left) }
    }

    fn refused(&self, error: PoolError) -> PostgresStoreError {
        let config = self.connector.config();
        match error {
            PoolError::Backend(error) => PostgresStoreError::unreachable(config, error),
            PoolError::Timeout(TimeoutType::Wait) => PostgresStoreError::Busy,
            // Recycling makes the pool go on to the next connection, and the rest never happens.
            PoolError::Timeout(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => {
                PostgresStoreError::Unreachable { advice: advice::no_answer(config), source: None }
            }
        }
    }
}

/// Closes a connection instead of giving it back.
pub(super) fn discard(client: Client) {
    drop(Object::take(client));
}
