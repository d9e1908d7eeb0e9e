//! One SQLite file, and the threads that may touch it.

mod columns;
mod connection;
mod database_file;
mod error;
mod lane;
mod open_error;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Transaction;

pub(crate) use columns::{Columns, count, now_ms, period_ms, unfit};
use connection::Connector;
use database_file::DatabaseFile;
pub use error::SqliteStoreError;
use lane::Lane;
pub use open_error::OpenError;

/// Where the file is, and what a call may cost.
#[derive(Clone, Debug)]
pub struct SqliteConfig {
    /// The folder of `xkcdapp.db`; made when it is missing. It has to be on a local disk.
    pub folder: PathBuf,
    /// How many threads read. One more writes.
    pub readers: usize,
    /// How many calls may wait for the writer, and how many for the readers; more are refused.
    pub queue: usize,
    /// How long a write waits for another process that writes.
    pub busy_timeout: Duration,
    /// How long any call takes at most: its wait in the queue, for the lock and for the disk.
    pub answer_within: Duration,
}

impl SqliteConfig {
    /// The usual settings for a folder: two readers, 64 calls in each queue, 1 s for a lock, 1.5 s for a call.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            readers: 2,
            queue: 64,
            busy_timeout: Duration::from_secs(1),
            answer_within: Duration::from_millis(1_500),
        }
    }
}

/// A handle of the open file, cheap to clone. The adapters of the ports are made from it.
///
/// The file is closed when the last handle is dropped, which waits for what runs, at most a second.
#[derive(Clone)]
pub struct SqliteStore(Arc<Shared>);

struct Shared {
    file: Arc<DatabaseFile>,
    schema_version: i64,
    writer: Option<Lane>,
    readers: Option<Lane>,
    /// Nothing is ever sent: it is disconnected when the last thread has closed its connection.
    threads: Mutex<Receiver<()>>,
}

impl SqliteStore {
    /// Opens the file: makes it when it is missing, brings its schema up to date, checks the tables that
    /// hold counts and makes sure that it can be written.
    ///
    /// Blocks for some milliseconds; for the busy timeout when another process holds the file.
    ///
    /// # Errors
    ///
    /// When the file can't be used as it is. It is left as it is: [`OpenError`] says what to do.
    pub fn open(config: &SqliteConfig) -> Result<Self, OpenError> {
        let file = Arc::new(DatabaseFile::prepare(&config.folder)?);
        let mut writer = Connector::new(Arc::clone(&file), config.busy_timeout);
        let schema_version = writer.connect_first()?;
        let reader = Connector::new(Arc::clone(&file), config.busy_timeout);

        let (alive, threads) = channel();
        let unstartable = |source| OpenError::Threads { source };
        let writers = Lane::start("sqlite-writer", vec![writer], config, &alive).map_err(unstartable)?;
        let readers = std::iter::repeat_with(|| reader.another()).take(config.readers.max(1)).collect();
        let readers = Lane::start("sqlite-reader", readers, config, &alive).map_err(unstartable)?;
        Ok(Self(Arc::new(Shared {
            file,
            schema_version,
            writer: Some(writers),
            readers: Some(readers),
            threads: Mutex::new(threads),
        })))
    }

    /// The file's absolute path.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.0.file.path()
    }

    /// The version of the file's schema, which may be newer than this release's own.
    #[must_use]
    pub fn schema_version(&self) -> i64 {
        self.0.schema_version
    }

    /// Whether the file can be written now: takes the write lock and gives it back. Nothing goes to the disk.
    ///
    /// # Errors
    ///
    /// When it can't.
    pub async fn ping(&self) -> Result<(), SqliteStoreError> {
        self.write(|_| Ok(())).await
    }

    /// Looks through the whole file for damage, which takes longer than opening it: 20 ms for each 10 MB on a
    /// small machine. The call's time limit holds for it too.
    ///
    /// # Errors
    ///
    /// When damage was found, or the file can't be read.
    pub async fn verify(&self) -> Result<(), SqliteStoreError> {
        let finding = self.read(|transaction| schema::damage(transaction, None)).await?;
        finding.map_or(Ok(()), |finding| Err(SqliteStoreError::Damaged(finding)))
    }

    /// Runs `work` in a read transaction: it sees one state of the file.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteStoreError> {
        let lane = self.0.readers.as_ref().ok_or(SqliteStoreError::Ended)?;
        lane.call(move |connector| connector.read(work)).await
    }

    /// Runs `work` in a write transaction and commits it, unless `work` fails. What was answered is on disk.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteStoreError> {
        let lane = self.0.writer.as_ref().ok_or(SqliteStoreError::Ended)?;
        lane.call(move |connector| connector.write(work)).await
    }
}

impl Drop for Shared {
    /// Lets the threads close their connections: SQLite then moves its log into the file, so that the file
    /// alone is a whole backup.
    fn drop(&mut self) {
        self.writer = None;
        self.readers = None;
        if let Ok(threads) = self.threads.get_mut() {
            // An answer is never sent: this returns when the threads have ended, or after a second.
            let _ = threads.recv_timeout(Duration::from_secs(1));
        }
    }
}

#[cfg(test)]
mod tests;
