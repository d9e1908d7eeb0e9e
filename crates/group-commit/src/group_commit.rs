//! The handle that pages count their views with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::views::{ViewBatch, ViewCount, WriterId};

use crate::gathering::Gathering;
use crate::worker::Worker;

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupCommitConfig {
    /// How long the store has for one batch before it is sent again. 2 s unless told.
    ///
    /// This plus [`Self::longest_retry_delay`] bounds how long after the store's return views wait.
    pub attempt_timeout: Duration,
    /// How long a visitor waits while the store is known to be down. 50 ms unless told.
    pub degraded_wait: Duration,
    /// How long after an attempt was sent the next one comes at the latest, jitter included, unless the
    /// attempt itself took longer. 500 ms unless told.
    pub longest_retry_delay: Duration,
}

impl Default for GroupCommitConfig {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(2),
            degraded_wait: Duration::from_millis(50),
            longest_retry_delay: Duration::from_millis(500),
        }
    }
}

/// A view that is counted: now, or when the store is back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// It is committed; the comic's total with it.
    Stored(ViewCount),
    /// It waits in memory and will be written once: its total is not known in time.
    Waiting,
}

/// The app is stopping: the view was not taken, and the page must not be answered as if it had been seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("views are no longer taken")]
pub struct Closed;

/// What metrics, logs and readiness tell of the views.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupCommitStatus {
    /// Views not known to be written, those in flight included.
    pub pending: u64,
    /// Whether the store is known to be down, so that visitors wait for it only briefly.
    pub degraded: bool,
    /// Whether the store was ever written.
    pub reached: bool,
    /// Batches known to be in the store.
    pub batches_written: u64,
    /// How many of those were there already when they were sent again: the answer to an earlier attempt
    /// had been lost.
    pub batches_repeated: u64,
    /// Attempts that failed or timed out.
    pub batches_failed: u64,
}

/// Merges concurrent views into one durable write at a time. Cheap to clone; see the crate's front page.
#[derive(Clone)]
pub struct GroupCommit {
    shared: Arc<Shared>,
}

struct Shared {
    gathering: Arc<Gathering>,
    worker: Mutex<Option<JoinHandle<()>>>,
    degraded_wait: Duration,
}

/// Without a handle no view can come any more: the worker writes what waits and ends.
impl Drop for Shared {
    fn drop(&mut self) {
        self.gathering.close();
    }
}

impl GroupCommit {
    /// Starts the worker on the runtime that this is called in. That has to be the one that drives the
    /// store's connections; views may come from any other.
    ///
    /// `writer` must be new for each call: batches are numbered from 1, and the store ignores numbers that
    /// it has seen of a writer.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start(counter: Arc<dyn ViewCounter>, writer: WriterId, config: GroupCommitConfig) -> Self {
        let gathering = Arc::new(Gathering::new(writer));
        let worker = Worker { gathering: Arc::clone(&gathering), counter, config };
        let worker = Mutex::new(Some(tokio::spawn(worker.run())));
        Self { shared: Arc::new(Shared { gathering, worker, degraded_wait: config.degraded_wait }) }
    }

    /// Counts a view, and waits until it is committed or until `deadline`, whichever is first. While the
    /// store is known to be down the wait is [`GroupCommitConfig::degraded_wait`] at most.
    ///
    /// The view is taken when the future is first polled. From then on it counts exactly once, also when
    /// the future is dropped.
    ///
    /// # Errors
    ///
    /// [`Closed`] after [`Self::finish`] was called: the view was not taken.
    pub async fn count(&self, comic: ComicNumber, deadline: Instant) -> Result<Counted, Closed> {
        let taken = self.shared.gathering.take(comic).ok_or(Closed)?;
        let mut deadline = tokio::time::Instant::from_std(deadline);
        if taken.degraded {
            deadline = deadline.min(tokio::time::Instant::now() + self.shared.degraded_wait);
        }
        if let Ok(total) = timeout_at(deadline, taken.outcome.wait()).await {
            return Ok(Counted::Stored(*total));
        }
        self.shared.gathering.gave_up(&taken);
        Ok(Counted::Waiting)
    }

    /// What is known right now. Its cost grows with the number of comics whose views wait.
    #[must_use]
    pub fn status(&self) -> GroupCommitStatus {
        self.shared.gathering.status()
    }

    /// Takes no more views, keeps writing until `deadline`, and returns what is not known to be written:
    /// the batch in flight unchanged under its own number, then the waiting views cut into batches under
    /// the numbers after it. They are to be logged as [`UnwrittenBatch`](crate::UnwrittenBatch)es.
    ///
    /// Returns early when all is written, with nothing. To be called once and not dropped; a second call
    /// returns nothing.
    pub async fn finish(&self, deadline: Instant) -> Vec<ViewBatch> {
        let worker = self.shared.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut worker) = worker else { return Vec::new() };
        self.shared.gathering.close();
        if timeout_at(tokio::time::Instant::from_std(deadline), &mut worker).await.is_err() {
            worker.abort();
        }
        self.shared.gathering.take_unwritten()
    }
}
