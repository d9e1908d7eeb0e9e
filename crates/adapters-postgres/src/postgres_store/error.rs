//! Why a call failed, and how each port says it.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use xkcd_domain::ports::Cause;
use xkcd_domain::ports::account_store::AccountStoreError;
use xkcd_domain::ports::comic_archive::ComicArchiveError;
use xkcd_domain::ports::view_counter::ViewCounterError;
use xkcd_domain::ports::view_ledger::ViewLedgerError;

use super::PostgresConfig;
use super::advice::advice;

/// Why a call failed. A failed write may have been done or not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresStoreError {
    /// No connection can be made.
    #[error("{advice}")]
    Unreachable {
        /// What is in the way, and what to do about it.
        advice: String,
        /// What was said about it; nothing when nothing answered.
        source: Option<Cause>,
    },
    /// The tables are not there, or not yet those of this release.
    #[error("the database has schema {found} and this release needs {known}: run xkcdapp migrate")]
    SchemaOlder {
        /// The database's schema; 0 for none.
        found: i32,
        /// The latest schema that this release knows.
        known: i32,
    },
    /// A later release changed the tables in a way that this one can't live with.
    #[error(
        "the database was migrated by a newer release (schema {found}, this release knows {known}): start \
         that release"
    )]
    SchemaNewer {
        /// The database's schema.
        found: i32,
        /// The latest schema that this release knows.
        known: i32,
    },
    /// The user lacks rights.
    #[error("the user in DATABASE_USER may not {what}: grant it that, or name the owner of the tables")]
    Forbidden {
        /// What it may not do.
        what: String,
        /// What was said about it.
        source: Option<Cause>,
    },
    /// All connections are in use and as many calls wait as may wait, or waited too long.
    #[error("all connections to PostgreSQL are in use")]
    Busy,
    /// There was no answer in time. What was asked may still be done.
    #[error("PostgreSQL did not answer within {} ms", .0.as_millis())]
    TooLate(Duration),
    /// The connection broke in the middle.
    #[error("the connection to PostgreSQL broke")]
    Lost(#[source] tokio_postgres::Error),
    /// The server said no.
    #[error("PostgreSQL refused the statement")]
    Statement(#[source] tokio_postgres::Error),
    /// The tables could not be brought up to date; they are as they were.
    #[error("the schema can't be brought up to date; it is as it was")]
    Migration(#[source] Cause),
    /// A column holds what can't be in it.
    #[error("a column of PostgreSQL holds a value that does not fit")]
    Unfit(#[source] Cause),
    /// The runtime is shutting down.
    #[error("a call to PostgreSQL was ended by the shutdown")]
    Ended,
}

impl From<tokio_postgres::Error> for PostgresStoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if !ends_session(code) => Self::Statement(error),
            _ => Self::Lost(error),
        }
    }
}

/// Whether the server ends the session when it says that.
fn ends_session(code: &SqlState) -> bool {
    // Class 08 is of connections, 57P of an operator who intervenes.
    code.code().starts_with("08") || code.code().starts_with("57P")
}

impl PostgresStoreError {
    pub(super) fn unreachable(config: &PostgresConfig, error: tokio_postgres::Error) -> Self {
        Self::Unreachable { advice: advice(config, &error), source: Some(error.into()) }
    }

    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Statement(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the server takes no writes: what a connection meets that outlived a failover.
    pub(super) fn is_read_only(&self) -> bool {
        self.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
    }

    /// Whether the connection can't be used any more, and perhaps others as old can't either.
    pub(super) fn condemns_connection(&self) -> bool {
        self.is_read_only() || matches!(self, Self::Lost(_) | Self::TooLate(_))
    }

    /// Whether the same call may be made again at once.
    pub(super) fn allows_another_attempt(&self, is_repeatable: bool) -> bool {
        let undone = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
        let was_undone = self.is_read_only() || self.code().is_some_and(|code| undone.contains(code));
        was_undone || (is_repeatable && matches!(self, Self::Lost(_)))
    }

    /// Whether the server can't be used as a whole, whatever is asked.
    pub(super) fn is_outage(&self) -> bool {
        !matches!(self, Self::Busy | Self::Statement(_) | Self::Unfit(_) | Self::Ended) || self.is_read_only()
    }

    /// Whether the tables are not those of this release.
    pub(super) fn is_about_schema(&self) -> bool {
        matches!(self, Self::SchemaOlder { .. } | Self::SchemaNewer { .. })
    }

    /// Whether the database holds something wrong, so that trying again won't help.
    fn is_corruption(&self) -> bool {
        let damaged = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
        matches!(self, Self::Unfit(_)) || self.code().is_some_and(|code| damaged.contains(code))
    }
}

macro_rules! say_as_port_errors {
    ($($error:ty),*) => { $(
        impl From<PostgresStoreError> for $error {
            fn from(error: PostgresStoreError) -> Self {
                if error.is_corruption() {
                    Self::Corrupt(error.into())
                } else {
                    Self::Unavailable(error.into())
                }
            }
        }
    )* };
}

say_as_port_errors!(AccountStoreError, ComicArchiveError, ViewCounterError, ViewLedgerError);
