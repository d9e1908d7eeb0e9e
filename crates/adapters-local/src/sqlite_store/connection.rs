//! One thread's connection: opened, watched, and opened again when it broke.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::database_file::{DatabaseFile, FileIdentity};
use super::{OpenError, SqliteStoreError, schema};

/// Gives a thread its connection.
pub(super) struct Connector {
    file: Arc<DatabaseFile>,
    busy_timeout: Duration,
    open: Option<Open>,
}

struct Open {
    connection: Connection,
    /// The log that goes with the connection: SQLite would write on in one that was deleted.
    log: Option<FileIdentity>,
}

impl Connector {
    pub(super) fn new(file: Arc<DatabaseFile>, busy_timeout: Duration) -> Self {
        Self { file, busy_timeout, open: None }
    }

    /// Another one for the same file.
    pub(super) fn another(&self) -> Self {
        Self::new(Arc::clone(&self.file), self.busy_timeout)
    }

    /// Opens the connection for the first time: checks the file, migrates it, and writes to it to see whether
    /// that can be done. Gives the version of the schema.
    pub(super) fn connect_first(&mut self) -> Result<i64, OpenError> {
        let path = self.file.path();
        let refused = |source| OpenError::from_sqlite(path, source);
        let mut connection = connect(path, self.busy_timeout).map_err(refused)?;
        let version = schema::check(&mut connection, path)?;
        // A file that can't be written is opened for reading without a word: only a write tells.
        connection.execute("UPDATE schema_compatibility SET opened_at = unixepoch()", []).map_err(refused)?;
        self.open = Some(Open { connection, log: self.file.log_identity() });
        Ok(version)
    }

    /// Closes the connection; the next call opens another.
    pub(super) fn disconnect(&mut self) {
        self.open = None;
    }

    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteStoreError> {
        self.run(|open| {
            let transaction = Transaction::new(&mut open.connection, TransactionBehavior::Deferred)?;
            work(&transaction)
        })
    }

    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteStoreError> {
        let outcome = self.run(|open| {
            let transaction = Transaction::new(&mut open.connection, TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        })?;
        // Looked at after the commit: the file may have gone at any time before it.
        self.refuse_moved()?;
        Ok(outcome)
    }

    fn run<T>(&mut self, work: impl FnOnce(&mut Open) -> rusqlite::Result<T>) -> Result<T, SqliteStoreError> {
        self.refuse_moved()?;
        let outcome = work(self.opened()?);
        if outcome.as_ref().is_err_and(is_connection_broken) {
            self.disconnect();
        }
        Ok(outcome?)
    }

    fn refuse_moved(&self) -> Result<(), SqliteStoreError> {
        let log_in_place = self.open.as_ref().is_none_or(|open| open.log == self.file.log_identity());
        if log_in_place && self.file.is_in_place() {
            Ok(())
        } else {
            Err(SqliteStoreError::Moved(self.file.path().to_owned()))
        }
    }

    fn opened(&mut self) -> Result<&mut Open, SqliteStoreError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => self.reconnect().map_err(SqliteStoreError::Reopen)?,
        };
        Ok(self.open.insert(open))
    }

    fn reconnect(&self) -> Result<Open, OpenError> {
        let path = self.file.path();
        let mut connection =
            connect(path, self.busy_timeout).map_err(|source| OpenError::from_sqlite(path, source))?;
        schema::check(&mut connection, path)?;
        Ok(Open { connection, log: self.file.log_identity() })
    }
}

fn connect(path: &std::path::Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    // Not SQLITE_OPEN_CREATE: only `schema::create` makes files.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    wait_for_locks(&mut connection, busy_timeout)?;
    // WAL alone would lose the last commits in a power cut. The mode itself is written in the file.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Damaged pages are then found before they are used.
    connection.pragma_update(None, "cell_size_check", true)?;
    // Gives the room of an unusually long log back.
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Tries again every millisecond. SQLite's own handler sleeps up to 100 ms, too long to ever find a gap between
/// the commits of a busy second process.
fn wait_for_locks(connection: &mut Connection, at_most: Duration) -> rusqlite::Result<()> {
    let mut since = Instant::now();
    connection.busy_handler(Some(move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        thread::sleep(Duration::from_millis(1));
        since.elapsed() < at_most
    }))
}

/// Whether another connection may do better. A full disk and a held lock are not the connection's fault.
fn is_connection_broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::InternalMalfunction
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
