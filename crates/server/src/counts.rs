//! The comics with the most views, read from the store at most once a second however many ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::error_chain::Chain;
use xkcd_domain::ports::view_counter::{ViewCounter, ViewCounterError};
use xkcd_domain::views::ViewCount;

use crate::assets::Document;
use crate::composition::Parts;

/// How many are listed.
pub const LISTED: u32 = 100;
/// How long what was read is good, and how long a failure is not asked again.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// The longest time to read counts.
const TIME_TO_READ: Duration = Duration::from_millis(500);
/// The same while the store is known to be down.
const TIME_TO_READ_WHEN_DOWN: Duration = Duration::from_millis(50);

/// Reads of the counts, and what came of the last one.
#[derive(Debug)]
pub struct MostViewed {
    last: Mutex<Last>,
    good_for: Duration,
}

impl Default for MostViewed {
    fn default() -> Self {
        Self { last: Mutex::default(), good_for: GOOD_FOR }
    }
}

#[derive(Debug, Default)]
struct Last {
    tried: Option<Instant>,
    read: Option<Ranking>,
    failed: bool,
}

/// Comics in the order of their views, most first.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The comics.
    pub comics: Arc<[(ComicNumber, ViewCount)]>,
    /// When they were read.
    pub read_at: OffsetDateTime,
    /// Whether they could not be read again since.
    pub stale: bool,
    /// The page that shows them, made when it is first asked for.
    pub page: Arc<OnceCell<Document>>,
}

impl MostViewed {
    /// The ranking as it is, or as it was when it could last be read.
    ///
    /// # Errors
    ///
    /// When it could not be read since the start.
    pub async fn ranking(&self, parts: &Parts) -> Result<Ranking, CountsUnavailable> {
        self.read(parts.counter.as_ref(), time_to_read(parts)).await
    }

    async fn read(&self, counter: &dyn ViewCounter, time: Duration) -> Result<Ranking, CountsUnavailable> {
        // Those who come meanwhile wait for the one who asks.
        let mut last = self.last.lock().await;
        if last.tried.is_none_or(|tried| tried.elapsed() >= self.good_for) {
            let read = in_time(time, counter.most_viewed(LISTED)).await;
            last.tried = Some(Instant::now());
            let had_failed = std::mem::replace(&mut last.failed, read.is_err());
            match read {
                Ok(comics) => {
                    let read_at = OffsetDateTime::now_utc();
                    let page = Arc::default();
                    last.read = Some(Ranking { comics: comics.into(), read_at, stale: false, page });
                }
                Err(error) => {
                    let Some(read) = &mut last.read else { return Err(error) };
                    if !had_failed {
                        // The failure ends here, once for each outage: the visitor sees the ranking before.
                        tracing::warn!(event = "counts.stale", error = %Chain(&error), "an older ranking is shown");
                        (read.stale, read.page) = (true, Arc::default());
                    }
                }
            }
        }
        last.read.clone().ok_or(CountsUnavailable::JustNow)
    }
}

/// The count of one comic.
///
/// # Errors
///
/// When it can't be read in time.
pub async fn count_of(parts: &Parts, comic: ComicNumber) -> Result<ViewCount, CountsUnavailable> {
    let totals = in_time(time_to_read(parts), parts.counter.totals(&[comic])).await?;
    Ok(totals.get(&comic).copied().unwrap_or_default())
}

/// Counts can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountsUnavailable {
    /// The store failed.
    #[error("the counts can't be read")]
    Store(#[from] ViewCounterError),
    /// The store did not answer in time.
    #[error("the counts could not be read in time")]
    Late,
    /// They could not be read less than a second ago, and nobody tries again so soon.
    #[error("the counts could not be read just now")]
    JustNow,
}

fn time_to_read(parts: &Parts) -> Duration {
    if parts.views.status().degraded { TIME_TO_READ_WHEN_DOWN } else { TIME_TO_READ }
}

async fn in_time<T>(
    time: Duration,
    read: impl Future<Output = Result<T, ViewCounterError>>,
) -> Result<T, CountsUnavailable> {
    Ok(timeout(time, read).await.map_err(|_| CountsUnavailable::Late)??)
}

#[cfg(test)]
mod tests {
    use xkcd_domain::ports::view_counter::MockViewCounter;

    use super::*;

    const TIME: Duration = Duration::from_secs(5);

    fn down() -> MockViewCounter {
        let mut counter = MockViewCounter::new();
        counter
            .expect_most_viewed()
            .times(1)
            .returning(|_| Err(ViewCounterError::Unavailable("no route".into())));
        counter
    }

    fn up() -> MockViewCounter {
        let mut counter = MockViewCounter::new();
        counter.expect_most_viewed().times(1).returning(|_| Ok(vec![(ComicNumber::ONE, 7_u32.into())]));
        counter
    }

    #[tokio::test]
    async fn the_store_is_asked_once_however_many_come() {
        let (counts, counter) = (MostViewed::default(), up());
        for _ in 0..3 {
            let ranking = counts.read(&counter, TIME).await.unwrap();
            assert_eq!((ranking.comics.len(), ranking.stale), (1, false));
        }
    }

    #[tokio::test]
    async fn a_store_that_failed_is_not_asked_again_at_once() {
        let (counts, counter) = (MostViewed::default(), down());
        assert!(matches!(counts.read(&counter, TIME).await, Err(CountsUnavailable::Store(_))));
        assert!(matches!(counts.read(&counter, TIME).await, Err(CountsUnavailable::JustNow)));
    }

    #[tokio::test]
    async fn what_was_read_is_shown_as_old_while_the_store_is_down() {
        let counts = MostViewed { good_for: Duration::ZERO, ..MostViewed::default() };
        assert!(!counts.read(&up(), TIME).await.unwrap().stale);
        let old = counts.read(&down(), TIME).await.unwrap();
        assert!(old.stale && old.comics.len() == 1);
        assert!(!counts.read(&up(), TIME).await.unwrap().stale);
    }

    #[tokio::test]
    async fn a_store_that_hangs_is_not_waited_for() {
        let hangs = std::future::pending::<Result<(), ViewCounterError>>();
        assert!(matches!(in_time(Duration::from_millis(1), hangs).await, Err(CountsUnavailable::Late)));
    }
}
