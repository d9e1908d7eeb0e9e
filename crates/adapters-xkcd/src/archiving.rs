//! Keeping memory and archive in step, off the path of any request.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use time::OffsetDateTime;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::comic_archive::{ArchivedComic, ComicArchive, ComicArchiveError};

use crate::memory::Memory;
use crate::outage::Outage;
use crate::unsaved::Unsaved;

/// How long comics are gathered before they are saved together.
const GATHER: Duration = Duration::from_secs(1);
/// How many comics are saved at once.
const BATCH: usize = 200;
/// How soon an archive that failed is tried again: first, and at the latest; jitter adds up to as much again.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(8)];

pub(crate) struct Archiving {
    archive: Arc<dyn ComicArchive>,
    memory: Arc<Memory>,
    unsaved: Arc<Unsaved>,
    reload: Duration,
    /// The moment to load from, once something was loaded.
    as_of: Mutex<Option<OffsetDateTime>>,
    /// Whether the first load has ended, one way or the other.
    tried: watch::Sender<bool>,
    came_back: Notify,
    outage: Outage,
}

impl Archiving {
    pub(crate) fn new(
        archive: Arc<dyn ComicArchive>,
        memory: Arc<Memory>,
        unsaved: Arc<Unsaved>,
        reload: Duration,
    ) -> Self {
        Self {
            archive,
            memory,
            unsaved,
            reload,
            as_of: Mutex::default(),
            tried: watch::Sender::new(false),
            came_back: Notify::new(),
            outage: Outage::of_archive(),
        }
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        self.outage.last_error()
    }

    /// Waits for the first load to end, until `deadline`.
    pub(crate) async fn first_load(&self, deadline: Instant) {
        if !*self.tried.borrow() {
            // Whoever waited in vain goes on without the archive.
            let _ = timeout_at(deadline, self.tried.subscribe().wait_for(|it| *it)).await;
        }
    }

    /// Loads, saves what was fetched, loads again what others saved. Ends when told to, with all saved if the
    /// archive allows.
    pub(crate) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep_in_step() => {}
            _ = stop.wait_for(|it| *it) => {}
        }
        self.save().await;
    }

    async fn keep_in_step(&self) {
        let mut delays = retry_delays();
        loop {
            let loaded = self.load().await;
            self.tried.send_replace(true);
            if loaded && self.save().await {
                delays = retry_delays();
                self.save_until_reload().await;
            } else {
                sleep(delays.next().unwrap_or(RETRY_DELAYS[1])).await;
            }
        }
    }

    /// Ends when it is time to load again, or when the archive failed.
    async fn save_until_reload(&self) {
        let reload = Instant::now() + self.reload;
        loop {
            tokio::select! {
                () = sleep_until(reload) => return,
                () = self.came_back.notified() => return,
                () = self.unsaved.added() => {}
            }
            sleep(GATHER).await;
            if !self.save().await {
                return;
            }
        }
    }

    /// Loads what others saved since the last load. `false` when the archive failed.
    pub(crate) async fn load(&self) -> bool {
        let mut as_of = self.as_of.lock().await;
        let Some(changes) = self.checked(self.archive.load(*as_of).await) else { return false };
        self.memory.insert_archived(changes.comics);
        *as_of = Some(changes.as_of);
        true
    }

    /// Claims the fill, renews the claim, or gives it back. `false` also when the archive failed.
    pub(crate) async fn claim_fill(&self, holder: &str, period: Duration) -> bool {
        self.checked(self.archive.claim_fill(holder, period).await).unwrap_or(false)
    }

    /// Saves all that is not saved. `false` when the archive failed.
    async fn save(&self) -> bool {
        loop {
            let mut taken = Taken { numbers: self.unsaved.take(BATCH), unsaved: &self.unsaved };
            if taken.numbers.is_empty() {
                return true;
            }
            let comics: Vec<_> = taken.numbers.iter().filter_map(|it| self.archived(*it)).collect();
            if self.checked(self.archive.save(&comics).await).is_none() {
                return false;
            }
            taken.numbers.clear();
        }
    }

    fn archived(&self, number: ComicNumber) -> Option<ArchivedComic> {
        let held = self.memory.get(number)?;
        Some(ArchivedComic { comic: (*held.comic).clone(), fetched_at: held.fetched_at })
    }

    /// Notes whether the archive answers.
    fn checked<T>(&self, answer: Result<T, ComicArchiveError>) -> Option<T> {
        match answer {
            Ok(answer) => {
                if self.outage.succeeded() {
                    self.came_back.notify_one();
                }
                Some(answer)
            }
            Err(error) => {
                self.outage.failed(&error);
                self.outage.begins();
                None
            }
        }
    }
}

/// Comics on their way into the archive. Those that are left when this is dropped are not in it: the save
/// failed, or whoever waited for it was told to stop.
struct Taken<'a> {
    numbers: Vec<ComicNumber>,
    unsaved: &'a Unsaved,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.unsaved.put_back(std::mem::take(&mut self.numbers));
    }
}

fn retry_delays() -> impl Iterator<Item = Duration> {
    let [first, longest] = RETRY_DELAYS;
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
        .build()
}
