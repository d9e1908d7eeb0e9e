//! Why the file could not be opened, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use xkcd_domain::ports::Cause;

/// Why the file could not be opened. It was left as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder can't be made or written.
    #[error(
        "the data folder {} can't be used: name one that this user can write, on a local disk",
        folder.display()
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there and can't be written.
    #[error("{} can't be opened for writing: check its owner, its mode and the disk", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What was said about it.
        #[source]
        source: Cause,
    },
    /// There is no room on the disk.
    #[error("no room is left on the disk of {}: make some", file.display())]
    DiskFull {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        #[source]
        source: Cause,
    },
    /// Another process holds the file.
    #[error("another process keeps {} locked: wait for it or end it", file.display())]
    Locked {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        #[source]
        source: Cause,
    },
    /// The file is broken.
    #[error(
        "{} is damaged ({finding}): restore it from a backup, or move it and its -wal file away to start \
         from zero; nothing was changed",
        file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        finding: String,
    },
    /// The file is of another program, or no database.
    #[error(
        "{} is not a database of this app: name another data folder, or move the file away; nothing was \
         changed",
        file.display()
    )]
    NotOurs {
        /// The file.
        file: PathBuf,
    },
    /// A later release changed the schema in a way that this one can't live with.
    #[error(
        "{} was written by a newer release (schema {found}, this release knows {known}): start that release",
        file.display()
    )]
    TooNew {
        /// The file.
        file: PathBuf,
        /// The file's schema.
        found: i64,
        /// The latest schema that this release knows.
        known: i64,
    },
    /// The schema could not be brought up to date; it is as it was.
    #[error("the schema of {} can't be brought up to date; it is as it was", file.display())]
    Migration {
        /// The file.
        file: PathBuf,
        /// What went wrong.
        #[source]
        source: Cause,
    },
    /// The threads could not be started.
    #[error("the threads for the SQLite file can't be started")]
    Threads {
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// What an error of SQLite means while opening `file`.
    pub(super) fn from_sqlite(file: &Path, source: rusqlite::Error) -> Self {
        let finding = source.to_string();
        let known = Self::from_code(file, source.sqlite_error_code(), source.into());
        known.unwrap_or_else(|_| Self::Damaged { file: file.to_owned(), finding })
    }

    /// What an error of refinery means while opening `file`.
    pub(super) fn from_migration(file: &Path, source: refinery::Error) -> Self {
        let innermost = std::iter::successors(Some(&source as &dyn std::error::Error), |it| it.source())
            .find_map(|it| it.downcast_ref::<rusqlite::Error>());
        let code = innermost.and_then(rusqlite::Error::sqlite_error_code);
        let known = Self::from_code(file, code, source.into());
        known.unwrap_or_else(|source| Self::Migration { file: file.to_owned(), source })
    }

    /// Gives the source back when its code says nothing about the file.
    fn from_code(file: &Path, code: Option<ErrorCode>, source: Cause) -> Result<Self, Cause> {
        let file = file.to_owned();
        match code {
            Some(ErrorCode::DiskFull) => Ok(Self::DiskFull { file, source }),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Ok(Self::Locked { file, source }),
            Some(ErrorCode::NotADatabase) => Ok(Self::NotOurs { file }),
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure,
            ) => Ok(Self::Unwritable { file, source }),
            _ => Err(source),
        }
    }
}
