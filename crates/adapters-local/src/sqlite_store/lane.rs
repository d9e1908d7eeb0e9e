//! A bounded queue of calls and the threads that run them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::Span;

use super::connection::Connector;
use super::{SqliteConfig, SqliteStoreError};

struct Job {
    span: Span,
    run: Box<dyn FnOnce(&mut Connector) + Send>,
}

/// Threads of their own, not those of the caller's runtime: actix-web has one runtime per worker, and the
/// connections have to outlive each of them.
pub(super) struct Lane {
    jobs: SyncSender<Job>,
    answer_within: Duration,
}

impl Lane {
    /// Starts one thread per connector. Each keeps a clone of `alive` until it has closed its connection.
    pub(super) fn start(
        name: &str,
        connectors: Vec<Connector>,
        config: &SqliteConfig,
        alive: &Sender<()>,
    ) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(config.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for connector in connectors {
            let (waiting, alive) = (Arc::clone(&waiting), alive.clone());
            thread::Builder::new().name(name.to_owned()).spawn(move || {
                run_jobs(&waiting, connector);
                drop(alive);
            })?;
        }
        Ok(Self { jobs, answer_within: config.answer_within })
    }

    /// Runs `work` on one of the threads. When the caller leaves before it has begun it is not begun.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connector) -> Result<T, SqliteStoreError> + Send + 'static,
    ) -> Result<T, SqliteStoreError> {
        let (answer, answered) = oneshot::channel();
        let run = Box::new(move |connector: &mut Connector| {
            if !answer.is_closed() {
                // A caller that has left meanwhile needs no answer.
                let _ = answer.send(work(connector));
            }
        });
        self.jobs.try_send(Job { span: Span::current(), run }).map_err(|_| SqliteStoreError::QueueFull)?;
        match timeout(self.answer_within, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(SqliteStoreError::Ended),
            Err(_) => Err(SqliteStoreError::TooLate(self.answer_within)),
        }
    }
}

/// Runs jobs until the lane is dropped and its queue is empty.
fn run_jobs(waiting: &Mutex<Receiver<Job>>, mut connector: Connector) {
    loop {
        // Holding the lock while waiting is fine: others have nothing to do but wait as well.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { span, run }) = next else { return };
        let _entered = span.enter();
        // A panic ends one call, not the thread; the connection may be in the middle of something.
        if catch_unwind(AssertUnwindSafe(|| run(&mut connector))).is_err() {
            connector.disconnect();
        }
    }
}
