//! What is counted, and what is known of the upstream.

use std::sync::atomic::{AtomicU64, Ordering};

use xkcd_domain::comic::{Comic, ComicNumber};

use crate::fetch_error::FetchError;

/// Counters since the start. None of them ever falls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct XkcdStats {
    /// Requests that were answered with a comic.
    pub upstream_ok: u64,
    /// Requests that were answered with "no such comic" (404).
    pub upstream_not_found: u64,
    /// Requests that were not answered in time.
    pub upstream_timeout: u64,
    /// Requests that failed on the way: no connection, or a broken one.
    pub upstream_unreachable: u64,
    /// Requests that were answered with an error status.
    pub upstream_refused: u64,
    /// Requests that were answered with something that is no comic.
    pub upstream_invalid: u64,
    /// Comics that were asked for and in memory, within their time to live.
    pub cache_hit: u64,
    /// Comics that were asked for and not in memory.
    pub cache_miss: u64,
    /// Comics that were asked for and in memory, past their time to live.
    pub cache_stale: u64,
}

/// What is known of the upstream and the memory at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XkcdStatus {
    /// Whether the upstream is known to be down, so that callers hardly wait for it.
    pub upstream_down: bool,
    /// What the last failed request failed with; `None` once one succeeded after it. For logs and operators,
    /// not for visitors.
    pub last_error: Option<String>,
    /// What the archive failed with, likewise.
    pub last_archive_error: Option<String>,
    /// The newest number known.
    pub newest: Option<ComicNumber>,
    /// How many comics are in memory.
    pub in_memory: usize,
}

#[derive(Default)]
pub(crate) struct Counters {
    ok: Counter,
    not_found: Counter,
    timeout: Counter,
    unreachable: Counter,
    refused: Counter,
    invalid: Counter,
    pub(crate) hit: Counter,
    pub(crate) miss: Counter,
    pub(crate) stale: Counter,
}

impl Counters {
    /// Counts one request by its result.
    pub(crate) fn requested(&self, result: &Result<Option<Comic>, FetchError>) {
        let counter = match result {
            Ok(Some(_)) => &self.ok,
            Ok(None) => &self.not_found,
            Err(FetchError::Timeout) => &self.timeout,
            Err(FetchError::Refused(_)) => &self.refused,
            Err(error) if error.is_corrupt() => &self.invalid,
            Err(_) => &self.unreachable,
        };
        counter.increment();
    }

    pub(crate) fn read(&self) -> XkcdStats {
        XkcdStats {
            upstream_ok: self.ok.get(),
            upstream_not_found: self.not_found.get(),
            upstream_timeout: self.timeout.get(),
            upstream_unreachable: self.unreachable.get(),
            upstream_refused: self.refused.get(),
            upstream_invalid: self.invalid.get(),
            cache_hit: self.hit.get(),
            cache_miss: self.miss.get(),
            cache_stale: self.stale.get(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
