//! The connections to Redis that the adapters of this crate share.

mod connections;
mod error;
mod outage_log;
mod report;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisResult};
use tokio::runtime::Handle;
use tracing::Instrument;
use xkcd_domain::ports::secret_provider::SecretProvider;

use crate::redis_config::{RedisConfig, RedisConfigError};
use connections::Connections;
pub use connections::RedisConnections;
pub use error::RedisStoreError;
use outage_log::OutageLog;
pub use report::RedisReport;

/// How long the key stays that shows that writes are taken.
const ALIVE_FOR: Duration = Duration::from_mins(1);

/// A handle to Redis, cheap to clone. The connections are closed when the last one is dropped.
///
/// Calls may come from any runtime: connections are made, and driven, on the one given to
/// [`new`](RedisStore::new), so that they outlive the threads that ask.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
    runtime: Handle,
}

struct Shared {
    connections: Arc<Connections>,
    outage_log: OutageLog,
}

impl RedisStore {
    /// Connects to nothing yet: the first call does.
    ///
    /// `secrets` is asked for the password again when Redis refuses the one it was given. `runtime` is a
    /// multi-thread runtime that lives as long as the handle.
    ///
    /// # Errors
    ///
    /// When nothing can ever be connected to with this configuration.
    pub fn new(
        config: RedisConfig,
        secrets: Arc<dyn SecretProvider>,
        runtime: Handle,
    ) -> Result<Self, RedisConfigError> {
        let connections = Arc::new(Connections::new(config, secrets)?);
        Ok(Self { shared: Arc::new(Shared { connections, outage_log: OutageLog::default() }), runtime })
    }

    /// Asks Redis whether it is there and takes writes. It leaves one key, for a minute.
    ///
    /// # Errors
    ///
    /// When it is not, does not let us in, has no memory left, or is a replica.
    pub async fn ping(&self) -> Result<(), RedisStoreError> {
        // A write: PING is answered by a server without memory and by a replica, too.
        let mut set = redis::cmd("SET");
        set.arg(self.key(format_args!("alive"))).arg(1).arg("EX").arg(ALIVE_FOR.as_secs());
        self.command(set).await
    }

    /// Looks whether Redis is fit for what is kept in it.
    ///
    /// # Errors
    ///
    /// When it can't be asked.
    pub async fn check(&self) -> Result<RedisReport, RedisStoreError> {
        let info: String = self.command(redis::cmd("INFO")).await?;
        Ok(RedisReport::new(self.shared.connections.config(), &info))
    }

    /// The connections as they are now, for metrics.
    #[must_use]
    pub fn connections(&self) -> RedisConnections {
        self.shared.connections.status()
    }

    /// A key of ours.
    pub(crate) fn key(&self, name: std::fmt::Arguments<'_>) -> String {
        format!("{}{name}", self.shared.connections.config().key_prefix)
    }

    /// Sends one command, which must be harmless to send twice.
    pub(crate) async fn command<T: FromRedisValue + Send + 'static>(
        &self,
        command: Cmd,
    ) -> Result<T, RedisStoreError> {
        let command = Arc::new(command);
        self.call(move |mut connection| {
            let command = Arc::clone(&command);
            async move { command.query_async(&mut connection).await }
        })
        .await
    }

    /// Does something with a connection, which must be harmless to do twice: it is done again when the first
    /// connection turns out to be broken. What the caller does not wait for is done nevertheless.
    pub(crate) async fn call<T, A, F>(&self, action: F) -> Result<T, RedisStoreError>
    where
        T: Send + 'static,
        A: Future<Output = RedisResult<T>> + Send,
        F: Fn(MultiplexedConnection) -> A + Send + Sync + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let answer = async move {
            let outcome = shared.connections.answer(&action).await;
            shared.outage_log.note(&outcome, Instant::now());
            outcome
        };
        self.runtime.spawn(answer.in_current_span()).await.unwrap_or(Err(RedisStoreError::Ended))
    }
}
