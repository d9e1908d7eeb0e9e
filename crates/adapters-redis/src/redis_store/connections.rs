//! The pool, one deadline around whatever a call does, and the password that may change.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, PoolConfig, Runtime, Timeouts};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use xkcd_domain::error_chain::Chain;
use xkcd_domain::ports::secret_provider::SecretProvider;
use xkcd_domain::secret::SecretValue;

use super::RedisStoreError;
use crate::redis_config::{RedisConfig, RedisConfigError};

/// The secret provider is asked no more often than this, however many calls are refused.
const PAUSE_BETWEEN_READS: Duration = Duration::from_secs(5);

/// The connections as they are at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RedisConnections {
    /// All that there are.
    pub open: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// Calls that wait for one.
    pub waiting: usize,
}

/// The pool, and what it was made with.
pub(super) struct Connections {
    config: RedisConfig,
    secrets: Arc<dyn SecretProvider>,
    current: RwLock<Current>,
    /// When the secret provider was last asked. Held while it is, so that one call asks for all.
    asked: Mutex<Option<Instant>>,
}

/// A pool belongs to a password: another password is another pool.
#[derive(Clone)]
struct Current {
    pool: Pool,
    password: Option<SecretValue>,
    generation: u64,
}

impl Connections {
    pub(super) fn new(
        config: RedisConfig,
        secrets: Arc<dyn SecretProvider>,
    ) -> Result<Self, RedisConfigError> {
        let password = config.password.clone();
        let pool = pool(&config, password.as_ref())?;
        let current = RwLock::new(Current { pool, password, generation: 0 });
        Ok(Self { config, secrets, current, asked: Mutex::new(None) })
    }

    pub(super) const fn config(&self) -> &RedisConfig {
        &self.config
    }

    pub(super) fn status(&self) -> RedisConnections {
        let status = self.current().pool.status();
        RedisConnections { open: status.size, idle: status.available, waiting: status.waiting }
    }

    /// Does `action`, at most twice, by the deadline.
    pub(super) async fn answer<T, A, F>(self: &Arc<Self>, action: &F) -> Result<T, RedisStoreError>
    where
        A: Future<Output = RedisResult<T>> + Send,
        F: Fn(MultiplexedConnection) -> A + Sync,
    {
        let limit = self.config.answer_within;
        if let Ok(outcome) = timeout(limit, self.attempts(action)).await {
            return outcome;
        }
        // Whatever hangs is not handed to the next call.
        self.current().pool.retain(|_, _| false);
        Err(RedisStoreError::TooLate { address: self.config.address(), limit })
    }

    async fn attempts<T, A, F>(self: &Arc<Self>, action: &F) -> Result<T, RedisStoreError>
    where
        A: Future<Output = RedisResult<T>> + Send,
        F: Fn(MultiplexedConnection) -> A + Sync,
    {
        let used = self.current();
        let failure = match self.attempt(&used.pool, action).await {
            Err(failure) => failure,
            answered => return answered,
        };
        let promising = match &failure {
            RedisStoreError::Password { .. } => self.renew_password(used.generation).await,
            other => other.is_of_this_connection(),
        };
        if !promising {
            return Err(failure);
        }
        self.attempt(&self.current().pool, action).await
    }

    async fn attempt<T, A, F>(&self, pool: &Pool, action: &F) -> Result<T, RedisStoreError>
    where
        A: Future<Output = RedisResult<T>> + Send,
        F: Fn(MultiplexedConnection) -> A + Sync,
    {
        let connection: Connection =
            pool.get().await.map_err(|error| RedisStoreError::of_pool(error, &self.config))?;
        let failure = match action((*connection).clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => RedisStoreError::of_command(&error, &self.config),
        };
        if failure.is_of_this_connection() {
            drop(Connection::take(connection));
            // The others lead to the same server, which has gone or is no longer the one to ask.
            pool.retain(|_, _| false);
        }
        Err(failure)
    }

    /// Asks for the password again after it was refused. `true` when there is another one now.
    ///
    /// In a task of its own: when it takes longer than the call has, the next call finds it done.
    async fn renew_password(self: &Arc<Self>, refused: u64) -> bool {
        let connections = Arc::clone(self);
        let renewal = async move {
            let mut asked = connections.asked.lock().await;
            if connections.current().generation != refused {
                return true;
            }
            if asked.is_some_and(|asked| asked.elapsed() < PAUSE_BETWEEN_READS) {
                return false;
            }
            *asked = Some(Instant::now());
            connections.read_password().await
        };
        tokio::spawn(renewal.in_current_span()).await.unwrap_or(false)
    }

    async fn read_password(&self) -> bool {
        let name = &self.config.password_name;
        let password = match self.secrets.get(&[], std::slice::from_ref(name)).await {
            Ok(secrets) => secrets.get(name).cloned(),
            Err(error) => {
                tracing::warn!(
                    event = "redis.password_unreadable",
                    error = %Chain(&error),
                    "Redis refused the password, and it can't be read again"
                );
                return false;
            }
        };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if password.as_ref().map(SecretValue::expose) == current.password.as_ref().map(SecretValue::expose) {
            return false;
        }
        // It was made with another password before, so there is nothing left in it to be refused.
        let Ok(pool) = pool(&self.config, password.as_ref()) else { return false };
        *current = Current { pool, password, generation: current.generation + 1 };
        tracing::info!(event = "redis.password_renewed", "Redis refused the password: it has changed");
        true
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pool(config: &RedisConfig, password: Option<&SecretValue>) -> Result<Pool, RedisConfigError> {
    let unusable = |error: &dyn std::error::Error| RedisConfigError::Client(error.to_string().into());
    // The pool and the call have time limits: a third one inside would only make other errors.
    let connection_config =
        AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let manager = Manager::new_with_config(config.connection_info(password)?, connection_config)
        .map_err(|error| unusable(&error))?;
    let mut pool_config = PoolConfig::new(config.connections.max(1));
    // One connection that hangs and another that is made instead fit the deadline together. Whoever can't
    // connect hears why, and not only that it took too long.
    pool_config.timeouts = Timeouts {
        wait: Some(config.answer_within / 2),
        create: Some(config.answer_within * 3 / 5),
        recycle: Some(config.answer_within / 4),
    };
    Pool::builder(manager)
        .config(pool_config)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| unusable(&error))
}
