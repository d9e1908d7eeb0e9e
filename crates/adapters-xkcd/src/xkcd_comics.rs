//! The source: comics in memory, fetched when they are not, refreshed behind when they are old.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, Sourced};
use xkcd_domain::ports::comic_archive::ComicArchive;
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

use crate::archiving::Archiving;
use crate::client::{Asked, Client};
use crate::config::{XkcdConfig, XkcdConfigError};
use crate::fetch_error::{FetchError, to_port};
use crate::fetcher::{Fetcher, Purpose};
use crate::fill::Fill;
use crate::memory::{Held, Memory};
use crate::stats::{XkcdStats, XkcdStatus};
use crate::unsaved::Unsaved;

/// How long after the start the archive's first answer is waited for, rather than fetching what it may hold.
const ARCHIVE_FIRST: Duration = Duration::from_millis(300);
/// How many comics there may be beyond the newest known, when that was known a [`DAY`] ago or later: three
/// come out in a week. So numbers that don't exist are answered without asking for each.
const MAY_BE_NEWER: u32 = 10;
const DAY: Duration = Duration::from_hours(24);

/// Comics of xkcd.com. Cheap to clone; see the crate's front page.
///
/// Background work ends when the last handle is dropped, or with [`finish`](Self::finish) in good order.
#[derive(Clone)]
pub struct XkcdComics {
    shared: Arc<Shared>,
}

struct Shared {
    memory: Arc<Memory>,
    fetcher: Arc<Fetcher>,
    archiving: Arc<Archiving>,
    config: XkcdConfig,
    archive_first_until: Instant,
    /// Ends the tasks when it says so and when it is dropped.
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl XkcdComics {
    /// Starts to load the archive and to look for the newest comic, and waits for neither.
    ///
    /// To be called in a runtime of Tokio: background tasks and fetches run on that one. Comics may be asked
    /// for from any other.
    ///
    /// # Errors
    ///
    /// When a setting is out of bounds, and outside a runtime.
    pub fn start(config: XkcdConfig, archive: Arc<dyn ComicArchive>) -> Result<Self, XkcdConfigError> {
        config.check()?;
        let client = Client::new(&config)?;
        let runtime = Handle::try_current().map_err(|_| XkcdConfigError::NoRuntime)?;
        let (memory, unsaved) = (Arc::<Memory>::default(), Arc::<Unsaved>::default());
        let archiving =
            Archiving::new(archive, Arc::clone(&memory), Arc::clone(&unsaved), config.archive_reload);
        let archiving = Arc::new(archiving);
        let fetcher = Fetcher::new(client, &config, runtime.clone(), Arc::clone(&memory), unsaved);
        let fetcher = Arc::new(fetcher);
        let fill = Fill::new(Arc::clone(&fetcher), Arc::clone(&archiving), Arc::clone(&memory), &config);

        let stop = watch::Sender::new(false);
        let tasks = vec![
            runtime.spawn(Arc::clone(&archiving).run(stop.subscribe())),
            runtime.spawn(fill.run(stop.subscribe())),
            runtime.spawn(Arc::clone(&fetcher).probe_while_down(stop.subscribe())),
        ];
        fetcher.refresh(Asked::Newest);
        let shared = Shared {
            memory,
            fetcher,
            archiving,
            config,
            archive_first_until: Instant::now() + ARCHIVE_FIRST,
            stop,
            tasks: Mutex::new(tasks),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What was counted since the start.
    #[must_use]
    pub fn stats(&self) -> XkcdStats {
        self.shared.fetcher.counters.read()
    }

    /// What is known right now.
    #[must_use]
    pub fn status(&self) -> XkcdStatus {
        let Shared { memory, fetcher, archiving, .. } = &*self.shared;
        XkcdStatus {
            upstream_down: fetcher.is_down(),
            last_error: fetcher.last_error(),
            last_archive_error: archiving.last_error(),
            newest: memory.newest().map(|it| it.number),
            in_memory: memory.len(),
        }
    }

    /// Ends the work in the background by `deadline`: saves what the archive does not have yet, and gives
    /// the right to fill it back, so that another instance can go on at once. Comics can still be asked for.
    ///
    /// To be called once; a second call does nothing.
    pub async fn finish(&self, deadline: std::time::Instant) {
        self.shared.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for mut task in tasks {
            if timeout_at(Instant::from_std(deadline), &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

#[async_trait]
impl ComicSource for XkcdComics {
    async fn range(&self, deadline: std::time::Instant) -> Result<ComicRange, ComicSourceError> {
        self.shared.range(Instant::from_std(deadline)).await
    }

    async fn comic(
        &self,
        number: ComicNumber,
        deadline: std::time::Instant,
    ) -> Result<Option<Sourced>, ComicSourceError> {
        match self.shared.recall(number) {
            Some(sourced) => Ok(Some(sourced)),
            None => self.shared.obtain(number, Instant::from_std(deadline)).await,
        }
    }

    fn in_memory(&self, number: ComicNumber) -> Option<Sourced> {
        self.shared.memory.get(number).map(|it| self.shared.sourced(it))
    }

    fn all_in_memory(&self) -> Arc<[Arc<Comic>]> {
        self.shared.memory.all()
    }
}

impl Shared {
    async fn range(&self, deadline: Instant) -> Result<ComicRange, ComicSourceError> {
        let newest = self.memory.newest();
        if newest.is_none_or(|it| !it.is_confirmed_within(self.config.newest_ttl)) {
            self.fetcher.refresh(Asked::Newest);
        }
        match self.memory.range() {
            Some(range) => Ok(range),
            None => self.first_range(deadline).await,
        }
    }

    /// The range before it is known: from the archive or the upstream, whichever tells first.
    async fn first_range(&self, deadline: Instant) -> Result<ComicRange, ComicSourceError> {
        let fetched = async {
            let flight = self.fetcher.fetch(Asked::Newest, Purpose::Visit).map_err(Arc::new)?;
            self.fetcher.wait(&flight, deadline).await
        };
        let failed = async {
            let error = fetched.await.err();
            self.archive_first(deadline).await;
            error
        };
        let error = tokio::select! {
            () = self.memory.newest_known() => None,
            error = failed => error,
        };
        // A fetch that succeeded has made the newest known.
        self.memory.range().ok_or_else(|| to_port(error.unwrap_or_else(|| Arc::new(FetchError::Ended))))
    }

    /// A comic that somebody asked for and that is in memory: at once, and refreshed behind when it is old.
    fn recall(&self, number: ComicNumber) -> Option<Sourced> {
        let held = self.memory.get(number)?;
        let counters = &self.fetcher.counters;
        if held.is_older_than(self.config.document_ttl, OffsetDateTime::now_utc()) {
            counters.stale.increment();
            self.fetcher.refresh(Asked::Number(number));
        } else {
            counters.hit.increment();
        }
        Some(self.sourced(held))
    }

    /// A comic that somebody asked for and that is not in memory.
    async fn obtain(
        &self,
        number: ComicNumber,
        deadline: Instant,
    ) -> Result<Option<Sourced>, ComicSourceError> {
        self.archive_first(deadline).await;
        if let Some(sourced) = self.recall(number) {
            return Ok(Some(sourced));
        }
        self.fetcher.counters.miss.increment();
        if self.is_beyond_all(number) {
            return Ok(None);
        }
        let asked = Asked::Number(number);
        let flight = self.fetcher.fetch(asked, Purpose::Visit).map_err(|it| to_port(Arc::new(it)))?;
        let outcome = self.fetcher.wait(&flight, deadline).await.map_err(to_port)?;
        Ok(outcome.map(|it| self.sourced(it)))
    }

    /// Gives the archive the first word, for a short time after the start.
    async fn archive_first(&self, deadline: Instant) {
        self.archiving.first_load(deadline.min(self.archive_first_until)).await;
    }

    /// Whether xkcd.com can't have a comic of that number.
    fn is_beyond_all(&self, number: ComicNumber) -> bool {
        let newest = self.memory.newest().filter(|it| it.is_confirmed_within(DAY));
        number.is_built_in() || newest.is_some_and(|it| number.get() > it.number.get() + MAY_BE_NEWER)
    }

    fn sourced(&self, held: Held) -> Sourced {
        let old = held.is_older_than(self.config.document_ttl, OffsetDateTime::now_utc());
        let Held { comic, fetched_at } = held;
        let stale = old && self.fetcher.is_failing(Asked::Number(comic.number));
        Sourced { comic, fetched_at: Some(fetched_at), stale }
    }
}
