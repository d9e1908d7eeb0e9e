//! Where sessions are kept.

use std::time::Duration;

use async_trait::async_trait;

use super::Cause;
use crate::session::{Session, SessionKey};

/// The sessions, each under the hash of its id, each with a time to live that the store enforces.
///
/// ```
/// use std::time::Duration;
///
/// use xkcd_domain::ports::session_store::{SessionStore, SessionStoreError};
/// use xkcd_domain::session::{Session, SessionId};
///
/// /// The session of a cookie, which lives on for another half an hour.
/// async fn resume(
///     sessions: &dyn SessionStore,
///     cookie: &SessionId,
/// ) -> Result<Option<Session>, SessionStoreError> {
///     let key = cookie.key(); // The store never sees the id.
///     let Some(session) = sessions.load(&key).await? else { return Ok(None) };
///     let lives = sessions.touch(&key, Duration::from_secs(30 * 60)).await?;
///     Ok(lives.then_some(session)) // It may have ended between the two.
/// }
/// # use xkcd_domain::ports::session_store::MockSessionStore;
/// # let mut sessions = MockSessionStore::new();
/// # sessions.expect_load().returning(|_| Ok(None));
/// # sessions.expect_touch().never();
/// # let found = futures_executor::block_on(resume(&sessions, &SessionId::from_bytes([7; 32]))).unwrap();
/// # assert_eq!(found, None);
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session.
    ///
    /// - It is gone when `time_to_live` has passed, which may be less than a second.
    /// - Every field comes back as it was given, the time to the second.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    async fn create(
        &self,
        key: &SessionKey,
        session: &Session,
        time_to_live: Duration,
    ) -> Result<(), SessionStoreError>;

    /// The session of a key. `None` means that there is none or that it is over: never that the store could
    /// not be asked.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn load(&self, key: &SessionKey) -> Result<Option<Session>, SessionStoreError>;

    /// Gives a session that is there a new time to live. `false` when it is not there: it is not revived.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    async fn touch(&self, key: &SessionKey, time_to_live: Duration) -> Result<bool, SessionStoreError>;

    /// Ends a session. Ending one that is not there is fine.
    ///
    /// # Errors
    ///
    /// When the store can't be written: the session may still stand.
    async fn remove(&self, key: &SessionKey) -> Result<(), SessionStoreError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionStoreError {
    /// It can't be reached: nothing is known of the session.
    #[error("the session store can't be reached")]
    Unavailable(#[source] Cause),
    /// It holds something that is no session.
    #[error("the session store holds something that is not a session")]
    Corrupt(#[source] Cause),
}
