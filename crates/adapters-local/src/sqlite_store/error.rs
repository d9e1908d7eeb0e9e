//! Why a call of the open store failed, and how each port says it.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::ErrorCode;
use xkcd_domain::ports::account_store::AccountStoreError;
use xkcd_domain::ports::comic_archive::ComicArchiveError;
use xkcd_domain::ports::session_store::SessionStoreError;
use xkcd_domain::ports::sign_in_throttle::SignInThrottleError;
use xkcd_domain::ports::view_counter::ViewCounterError;
use xkcd_domain::ports::view_ledger::ViewLedgerError;

use super::OpenError;

/// Why a call failed. A failed write may have been done or not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteStoreError {
    /// As many calls wait as may wait.
    #[error("too many calls wait for the SQLite file")]
    QueueFull,
    /// It took too long; it may still be done.
    #[error("the SQLite file did not answer within {} ms", .0.as_millis())]
    TooLate(Duration),
    /// The call was given up in the middle.
    #[error("a call to the SQLite file ended without an answer")]
    Ended,
    /// The path leads elsewhere than when the store was opened: what is written now would be lost.
    #[error("{} was moved, replaced or deleted while in use: put it back, or stop and start again", .0.display())]
    Moved(PathBuf),
    /// It had to be opened again and could not.
    #[error("the SQLite file can't be opened again")]
    Reopen(#[source] OpenError),
    /// A check found damage.
    #[error("the SQLite file is damaged: {0}")]
    Damaged(String),
    /// SQLite said no.
    #[error("the call to SQLite failed")]
    Sqlite(#[from] rusqlite::Error),
}

impl SqliteStoreError {
    /// Whether the file holds something wrong, so that trying again won't help.
    fn is_corruption(&self) -> bool {
        use rusqlite::Error as Sqlite;
        match self {
            Self::Sqlite(Sqlite::SqliteFailure(error, _)) => {
                matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            }
            Self::Damaged(_)
            | Self::Reopen(OpenError::Damaged { .. } | OpenError::NotOurs { .. })
            | Self::Sqlite(
                Sqlite::FromSqlConversionFailure(..)
                | Sqlite::InvalidColumnType(..)
                | Sqlite::IntegralValueOutOfRange(..)
                | Sqlite::Utf8Error(..),
            ) => true,
            _ => false,
        }
    }
}

macro_rules! say_as_port_errors {
    ($($error:ty),*) => { $(
        impl From<SqliteStoreError> for $error {
            fn from(error: SqliteStoreError) -> Self {
                if error.is_corruption() {
                    Self::Corrupt(error.into())
                } else {
                    Self::Unavailable(error.into())
                }
            }
        }
    )* };
}

say_as_port_errors!(
    AccountStoreError,
    ComicArchiveError,
    SessionStoreError,
    SignInThrottleError,
    ViewCounterError,
    ViewLedgerError
);
