//! Sessions in Redis.

mod session_format;

use std::time::Duration;

use async_trait::async_trait;
use redis::Cmd;
use xkcd_domain::ports::session_store::{SessionStore, SessionStoreError};
use xkcd_domain::session::{Session, SessionKey};

use crate::redis_store::RedisStore;

/// The [`SessionStore`] in Redis: a string a session, which Redis itself removes when its time has passed.
/// Nothing is written but by [`create`](SessionStore::create); nothing is written for visitors.
pub struct RedisSessionStore {
    store: RedisStore,
}

impl RedisSessionStore {
    /// Keeps sessions there.
    #[must_use]
    pub const fn new(store: RedisStore) -> Self {
        Self { store }
    }

    fn command(&self, name: &str, key: &SessionKey) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(self.store.key(format_args!("session:{key}")));
        command
    }
}

#[async_trait]
impl SessionStore for RedisSessionStore {
    async fn create(
        &self,
        key: &SessionKey,
        session: &Session,
        time_to_live: Duration,
    ) -> Result<(), SessionStoreError> {
        let mut set = self.command("SET", key);
        set.arg(session_format::write(session)).arg("PX").arg(milliseconds(time_to_live));
        Ok(self.store.command(set).await?)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Session>, SessionStoreError> {
        let kept: Option<Vec<u8>> = self.store.command(self.command("GET", key)).await?;
        let session = kept.map(|bytes| session_format::read(&bytes)).transpose();
        session.map_err(|error| SessionStoreError::Corrupt(error.into()))
    }

    async fn touch(&self, key: &SessionKey, time_to_live: Duration) -> Result<bool, SessionStoreError> {
        // A key that has gone is not made again by this.
        let mut expire = self.command("PEXPIRE", key);
        expire.arg(milliseconds(time_to_live));
        Ok(self.store.command(expire).await?)
    }

    async fn remove(&self, key: &SessionKey) -> Result<(), SessionStoreError> {
        let _removed: u64 = self.store.command(self.command("DEL", key)).await?;
        Ok(())
    }
}

/// For Redis, which takes neither zero nor what reaches beyond its calendar.
fn milliseconds(time_to_live: Duration) -> u64 {
    const LONGEST: u64 = 1_000 * 365 * 86_400_000;
    u64::try_from(time_to_live.as_millis()).map_or(LONGEST, |it| it.clamp(1, LONGEST))
}
