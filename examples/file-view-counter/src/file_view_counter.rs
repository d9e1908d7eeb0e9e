//! The adapter.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::{ViewBatch, ViewCount};

use crate::batch_log::{BatchLog, OpenError};
use crate::counts::Counts;

/// Counts views in one append-only file; see the crate's front page. To be used in a runtime of Tokio.
pub struct FileViewCounter {
    store: Arc<Mutex<Store>>,
}

struct Store {
    log: BatchLog,
    counts: Counts,
}

impl FileViewCounter {
    /// Opens the file of the views, or makes it, and reads it. Blocks.
    ///
    /// # Errors
    ///
    /// When it can't be opened, another process has it, or it is damaged.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let (log, counts) = BatchLog::open(path)?;
        Ok(Self { store: Arc::new(Mutex::new(Store { log, counts })) })
    }

    /// Works on the store where blocking is fine. The work is done also when nobody waits for it any more.
    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, ViewCounterError> + Send + 'static,
    ) -> Result<T, ViewCounterError> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.unwrap_or_else(|error| Err(ViewCounterError::Unavailable(error.into())))
    }
}

impl Store {
    /// First the file, then the memory: what can be seen is on disk.
    fn apply(&mut self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        if !self.counts.is_new(batch) {
            return Ok(AppliedBatch { totals: self.counts.of(batch), added: false });
        }
        let totals = self.counts.after(batch).map_err(|error| ViewCounterError::Corrupt(error.into()))?;
        self.log.append(batch).map_err(|error| ViewCounterError::Unavailable(error.into()))?;
        self.counts.remember(batch, &totals);
        Ok(AppliedBatch { totals, added: true })
    }
}

#[async_trait]
impl ViewCounter for FileViewCounter {
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        let batch = batch.clone();
        self.with_store(move |store| store.apply(&batch)).await
    }

    async fn totals(
        &self,
        comics: &[ComicNumber],
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError> {
        let comics = comics.to_vec();
        self.with_store(move |store| {
            let known = comics.into_iter().filter_map(|comic| Some((comic, store.counts.total(comic)?)));
            Ok(known.collect())
        })
        .await
    }

    async fn most_viewed(&self, limit: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.with_store(move |store| Ok(store.counts.most_viewed(limit))).await
    }
}
