//! Fetching all comics into the archive, slowly and by one instance at a time.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use xkcd_domain::comic::ComicNumber;

use crate::archiving::Archiving;
use crate::client::Asked;
use crate::config::XkcdConfig;
use crate::fetcher::{Fetcher, Purpose};
use crate::memory::Memory;

/// The longest pause when all there is to fetch are comics that can't be had.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

pub(crate) struct Fill {
    fetcher: Arc<Fetcher>,
    archiving: Arc<Archiving>,
    memory: Arc<Memory>,
    interval: Duration,
    document_ttl: Duration,
    lease: Lease,
}

/// The right to fill, of the whole fleet.
struct Lease {
    holder: String,
    period: Duration,
    /// Until when it is ours for sure.
    until: Option<Instant>,
}

/// How a walk through what is lacking ended.
enum Walk {
    /// At least one comic was fetched.
    Fruitful,
    /// Before its end: the upstream is down, or another instance fills.
    Interrupted,
    /// None could be had, or none is lacking.
    Vain,
}

impl Fill {
    pub(crate) fn new(
        fetcher: Arc<Fetcher>,
        archiving: Arc<Archiving>,
        memory: Arc<Memory>,
        config: &XkcdConfig,
    ) -> Self {
        let holder = format!("{:032x}", rand::random::<u128>());
        Self {
            fetcher,
            archiving,
            memory,
            interval: config.fill_interval,
            document_ttl: config.document_ttl,
            lease: Lease { holder, period: config.fill_lease, until: None },
        }
    }

    /// Ends when told to, and gives the right to fill back.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep_filled() => {}
            _ = stop.wait_for(|it| *it) => {}
        }
        // Stopped in the middle of a claim it may have got it without knowing: give it back in any case.
        self.archiving.claim_fill(&self.lease.holder, Duration::ZERO).await;
    }

    async fn keep_filled(&mut self) {
        self.memory.newest_known().await;
        let shortest = self.lease.period / 3;
        let mut pause = shortest;
        loop {
            match self.walk().await {
                Walk::Fruitful => pause = shortest,
                Walk::Interrupted => {}
                Walk::Vain => pause = (2 * pause).min(LONGEST_PAUSE.max(shortest)),
            }
            sleep(pause).await;
        }
    }

    /// Fetches each comic that is lacking, once.
    async fn walk(&mut self) -> Walk {
        if self.lacking().is_empty() {
            return Walk::Vain;
        }
        if !self.holds_lease().await {
            return Walk::Interrupted;
        }
        let mut fetched = false;
        for number in self.lacking() {
            if self.fetcher.is_down() || !self.holds_lease().await {
                return if fetched { Walk::Fruitful } else { Walk::Interrupted };
            }
            let next = Instant::now() + self.interval;
            if self.is_lacking(number)
                && let Ok(flight) = self.fetcher.fetch(Asked::Number(number), Purpose::Fill)
            {
                fetched |= matches!(flight.outcome().await, Ok(Some(_)));
                sleep_until(next).await;
            }
        }
        if fetched { Walk::Fruitful } else { Walk::Vain }
    }

    /// Claims the right to fill, or renews it after a third of its time.
    async fn holds_lease(&mut self) -> bool {
        let now = Instant::now();
        let ours = self.lease.until.is_some_and(|until| now < until);
        if ours && self.lease.until.is_some_and(|until| now + 2 * self.lease.period / 3 < until) {
            return true;
        }
        if !self.archiving.claim_fill(&self.lease.holder, self.lease.period).await {
            self.lease.until = None;
            return false;
        }
        self.lease.until = Some(now + self.lease.period);
        // Whoever filled before has saved what need not be fetched again.
        ours || self.archiving.load().await
    }

    fn lacking(&self) -> Vec<ComicNumber> {
        let mut lacking = self.memory.lacking(self.document_ttl, OffsetDateTime::now_utc());
        lacking.retain(|it| !self.fetcher.has_setback(Asked::Number(*it)));
        lacking
    }

    /// A visitor, or another instance, may have fetched it since.
    fn is_lacking(&self, number: ComicNumber) -> bool {
        let now = OffsetDateTime::now_utc();
        self.memory.get(number).is_none_or(|it| it.is_older_than(self.document_ttl, now))
    }
}
