//! Sessions in the SQLite file.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use xkcd_domain::account::SessionEpoch;
use xkcd_domain::ports::session_store::{SessionStore, SessionStoreError};
use xkcd_domain::session::{CsrfToken, Session, SessionKey};

use crate::sqlite_store::{Columns, SqliteStore, now_ms, period_ms};

/// The [`SessionStore`] of the SQLite file.
pub struct SqliteSessionStore {
    store: SqliteStore,
}

impl SqliteSessionStore {
    /// Keeps sessions in an open file.
    #[must_use]
    pub const fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl SessionStore for SqliteSessionStore {
    async fn create(
        &self,
        key: &SessionKey,
        session: &Session,
        time_to_live: Duration,
    ) -> Result<(), SessionStoreError> {
        let (key, session) = (*key, session.clone());
        Ok(self.store.write(move |transaction| create(transaction, key, &session, time_to_live)).await?)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Session>, SessionStoreError> {
        let key = *key;
        Ok(self.store.read(move |transaction| load(transaction, key)).await?)
    }

    async fn touch(&self, key: &SessionKey, time_to_live: Duration) -> Result<bool, SessionStoreError> {
        let key = *key;
        Ok(self.store.write(move |transaction| touch(transaction, key, time_to_live)).await?)
    }

    async fn remove(&self, key: &SessionKey) -> Result<(), SessionStoreError> {
        let key = key.to_string();
        let remove = move |transaction: &Transaction<'_>| {
            transaction.prepare_cached("DELETE FROM sessions WHERE session_key = ?1")?.execute([key])
        };
        self.store.write(remove).await?;
        Ok(())
    }
}

fn create(
    transaction: &Transaction<'_>,
    key: SessionKey,
    session: &Session,
    time_to_live: Duration,
) -> rusqlite::Result<()> {
    let now = now_ms(transaction)?;
    // A day of grace: a clock that jumps ahead and back again ends no session.
    transaction.prepare_cached("DELETE FROM sessions WHERE expires_at_ms < ?1 - 86400000")?.execute([now])?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO sessions (session_key, username, session_epoch, signed_in_at, csrf_token,
                                              expires_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key.to_string(),
            session.username.as_str(),
            session.epoch.0,
            session.signed_in_at.unix_timestamp(),
            session.csrf_token.expose(),
            now + period_ms(time_to_live),
        ])?;
    Ok(())
}

fn load(transaction: &Transaction<'_>, key: SessionKey) -> rusqlite::Result<Option<Session>> {
    let now = now_ms(transaction)?;
    transaction
        .prepare_cached(
            "SELECT username, session_epoch, signed_in_at, csrf_token FROM sessions
             WHERE session_key = ?1 AND expires_at_ms > ?2",
        )?
        .query_row(params![key.to_string(), now], session)
        .optional()
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        username: row.parsed(0)?,
        epoch: SessionEpoch(row.get(1)?),
        signed_in_at: row.seconds(2)?,
        csrf_token: CsrfToken::from_bytes(row.get(3)?),
    })
}

fn touch(transaction: &Transaction<'_>, key: SessionKey, time_to_live: Duration) -> rusqlite::Result<bool> {
    let now = now_ms(transaction)?;
    let touched = transaction
        .prepare_cached(
            "UPDATE sessions SET expires_at_ms = ?3 WHERE session_key = ?1 AND expires_at_ms > ?2",
        )?
        .execute(params![key.to_string(), now, now + period_ms(time_to_live)])?;
    Ok(touched > 0)
}
