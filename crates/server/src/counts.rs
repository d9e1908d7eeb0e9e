//! The comics with the most views, read from the store at most once a second however many ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::timeout;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::error_chain::Chain;
use xkcd_domain::ports::view_counter::ViewCounterError;
use xkcd_domain::views::ViewCount;

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
#[derive(Debug, Default)]
pub struct MostViewed(Mutex<Last>);

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
}

impl MostViewed {
    /// The ranking as it is, or as it was when it could last be read.
    ///
    /// # Errors
    ///
    /// When it could not be read since the start.
    pub async fn ranking(&self, parts: &Parts) -> Result<Ranking, CountsUnavailable> {
        // Those who come meanwhile wait for the one who asks.
        let mut last = self.0.lock().await;
        if last.tried.is_none_or(|tried| tried.elapsed() >= GOOD_FOR) {
            let read = in_time(parts, parts.counter.most_viewed(LISTED)).await;
            last.tried = Some(Instant::now());
            let had_failed = std::mem::replace(&mut last.failed, read.is_err());
            match read {
                Ok(comics) => {
                    let read_at = OffsetDateTime::now_utc();
                    last.read = Some(Ranking { comics: comics.into(), read_at, stale: false });
                }
                Err(error) if last.read.is_none() => return Err(error),
                // The failure ends here: the visitor sees the ranking before. Once for each outage.
                Err(error) if !had_failed => {
                    tracing::warn!(event = "counts.stale", error = %Chain(&error), "an older ranking is shown");
                }
                Err(_) => {}
            }
        }
        let read = last.read.clone().ok_or(CountsUnavailable::JustNow)?;
        Ok(Ranking { stale: last.failed, ..read })
    }
}

/// The count of one comic.
///
/// # Errors
///
/// When it can't be read in time.
pub async fn count_of(parts: &Parts, comic: ComicNumber) -> Result<ViewCount, CountsUnavailable> {
    let totals = in_time(parts, parts.counter.totals(&[comic])).await?;
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

async fn in_time<T>(
    parts: &Parts,
    read: impl Future<Output = Result<T, ViewCounterError>>,
) -> Result<T, CountsUnavailable> {
    let is_down = parts.views.status().degraded;
    let time = if is_down { TIME_TO_READ_WHEN_DOWN } else { TIME_TO_READ };
    Ok(timeout(time, read).await.map_err(|_| CountsUnavailable::Late)??)
}
