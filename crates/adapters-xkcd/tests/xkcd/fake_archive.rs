//! An archive in memory that can fail and whose every step can be awaited.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use xkcd_domain::ports::comic_archive::{ArchiveChanges, ArchivedComic, ComicArchive, ComicArchiveError};

/// Shared by all instances that hold it. Its clock counts saves.
#[derive(Default)]
pub(crate) struct FakeArchive {
    seen: watch::Sender<Seen>,
    lease: Mutex<Option<(String, Instant)>>,
}

/// What it holds and what was asked of it.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) comics: BTreeMap<u32, (ArchivedComic, i64)>,
    pub(crate) clock: i64,
    pub(crate) loads: usize,
    pub(crate) claims: usize,
    pub(crate) given_back: usize,
    pub(crate) failing: bool,
    pub(crate) failures: usize,
    /// How long a load takes.
    pub(crate) delay: Duration,
}

impl FakeArchive {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn holding(comics: impl IntoIterator<Item = ArchivedComic>) -> Arc<Self> {
        let archive = Self::new();
        archive.put(comics);
        archive
    }

    /// The fill belongs to another instance for this time.
    pub(crate) fn filled_by_another(self: &Arc<Self>, period: Duration) -> Arc<Self> {
        *self.lease.lock().unwrap() = Some(("another".to_owned(), Instant::now() + period));
        Arc::clone(self)
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.seen.send_modify(|it| it.delay = delay);
    }

    /// As if another instance had saved them.
    pub(crate) fn put(&self, comics: impl IntoIterator<Item = ArchivedComic>) {
        self.seen.send_modify(|seen| {
            seen.clock += 1;
            for comic in comics {
                seen.comics.insert(comic.comic.number.get(), (comic, seen.clock));
            }
        });
    }

    pub(crate) fn set_failing(&self, failing: bool) {
        self.seen.send_modify(|it| it.failing = failing);
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits, for ten minutes of what may be paused time, until so much was asked of it.
    pub(crate) async fn until(&self, enough: impl FnMut(&Seen) -> bool) {
        let mut seen = self.seen.subscribe();
        let waited = timeout(Duration::from_mins(10), seen.wait_for(enough)).await;
        assert!(waited.is_ok(), "the archive never came to that");
    }

    fn checked(&self) -> Result<(), ComicArchiveError> {
        if self.seen.borrow().failing {
            self.seen.send_modify(|it| it.failures += 1);
            return Err(ComicArchiveError::Unavailable("the test says so".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl ComicArchive for FakeArchive {
    async fn load(&self, since: Option<OffsetDateTime>) -> Result<ArchiveChanges, ComicArchiveError> {
        let delay = self.seen.borrow().delay;
        sleep(delay).await;
        self.checked()?;
        let since = since.map_or(i64::MIN, OffsetDateTime::unix_timestamp);
        self.seen.send_modify(|it| it.loads += 1);
        let seen = self.seen.borrow();
        let comics = seen.comics.values().filter(|(_, at)| *at > since).map(|(it, _)| it.clone()).collect();
        Ok(ArchiveChanges { comics, as_of: OffsetDateTime::from_unix_timestamp(seen.clock).unwrap() })
    }

    async fn save(&self, comics: &[ArchivedComic]) -> Result<(), ComicArchiveError> {
        self.checked()?;
        self.put(comics.iter().cloned());
        Ok(())
    }

    async fn claim_fill(&self, holder: &str, period: Duration) -> Result<bool, ComicArchiveError> {
        self.checked()?;
        let mut lease = self.lease.lock().unwrap();
        let now = Instant::now();
        let free = lease.as_ref().is_none_or(|(it, until)| it == holder || *until <= now);
        if free {
            *lease = Some((holder.to_owned(), now + period));
        }
        self.seen.send_modify(|it| {
            it.claims += usize::from(free && !period.is_zero());
            it.given_back += usize::from(free && period.is_zero());
        });
        Ok(free && !period.is_zero())
    }
}
