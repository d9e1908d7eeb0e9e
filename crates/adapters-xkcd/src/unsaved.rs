//! Comics that were fetched and are not in the archive yet.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use xkcd_domain::comic::ComicNumber;

/// Their numbers alone: the comics are in memory, so however long the archive is down this stays small.
#[derive(Default)]
pub(crate) struct Unsaved {
    numbers: Mutex<BTreeSet<ComicNumber>>,
    added: Notify,
}

impl Unsaved {
    pub(crate) fn add(&self, number: ComicNumber) {
        self.numbers().insert(number);
        self.added.notify_one();
    }

    /// Waits for one to be added since the last wait.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// Takes out at most `most`, in ascending order.
    pub(crate) fn take(&self, most: usize) -> Vec<ComicNumber> {
        let mut numbers = self.numbers();
        let taken: Vec<_> = numbers.iter().copied().take(most).collect();
        for number in &taken {
            numbers.remove(number);
        }
        taken
    }

    /// They could not be saved.
    pub(crate) fn put_back(&self, taken: Vec<ComicNumber>) {
        self.numbers().extend(taken);
    }

    fn numbers(&self) -> MutexGuard<'_, BTreeSet<ComicNumber>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
