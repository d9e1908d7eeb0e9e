//! Fetches: one per comic at a time, a bounded number at once, none while the upstream is known to be down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span};
use xkcd_domain::comic::Comic;
use xkcd_domain::error_chain::Chain;

use crate::breaker::{Breaker, Change, PROBE_EVERY, Ticket};
use crate::client::{Asked, Client};
use crate::config::XkcdConfig;
use crate::fetch_error::FetchError;
use crate::flight::{Flight, Outcome};
use crate::memory::{Memory, Newest};
use crate::outage::Outage;
use crate::setbacks::{Setback, Setbacks};
use crate::stats::Counters;
use crate::unsaved::Unsaved;

/// How long a caller waits for an upstream that is known to be down.
const WAIT_WHILE_DOWN: Duration = Duration::from_millis(50);
/// How long a caller must have waited, and the upstream must have been asked, before giving up takes the upstream for
/// down: neither a caller with little time left nor a fetch that waits for its turn says anything about it.
const FAIR_TRIAL: Duration = Duration::from_millis(250);
/// How soon a retry comes; jitter adds up to as much again.
const RETRY_DELAY: Duration = Duration::from_millis(50);
/// How many different comics may be fetched or wait for that, for each fetch that runs at once.
const FLIGHTS_PER_FETCH: usize = 4;

/// What a fetch is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody waits for a comic that is not in memory.
    Visit,
    /// A comic that is in memory is to be refreshed.
    Refresh,
    /// The background fill. It counts its requests, so there is no second try.
    Fill,
}

pub(crate) struct Fetcher {
    client: Arc<Client>,
    runtime: Handle,
    memory: Arc<Memory>,
    unsaved: Arc<Unsaved>,
    breaker: Breaker,
    went_down: Notify,
    outage: Outage,
    setbacks: Setbacks,
    flights: Mutex<HashMap<Asked, Flight>>,
    turns: Semaphore,
    most_flights: usize,
    fetch_timeout: Duration,
    pub(crate) counters: Counters,
}

impl Fetcher {
    /// Fetches on `runtime`'s blocking threads, into `memory`.
    pub(crate) fn new(
        client: Client,
        config: &XkcdConfig,
        runtime: Handle,
        memory: Arc<Memory>,
        unsaved: Arc<Unsaved>,
    ) -> Self {
        Self {
            client: Arc::new(client),
            runtime,
            memory,
            unsaved,
            breaker: Breaker::default(),
            went_down: Notify::new(),
            outage: Outage::of_upstream(),
            setbacks: Setbacks::default(),
            flights: Mutex::default(),
            turns: Semaphore::new(config.concurrent_fetches),
            most_flights: config.concurrent_fetches * FLIGHTS_PER_FETCH,
            fetch_timeout: config.fetch_timeout,
            counters: Counters::default(),
        }
    }

    /// Whether the upstream is known to be down.
    pub(crate) fn is_down(&self) -> bool {
        self.breaker.is_open()
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        self.outage.last_error()
    }

    /// Whether a fresh document is known not to be had at the moment.
    pub(crate) fn is_failing(&self, asked: Asked) -> bool {
        self.breaker.is_failing() || self.has_setback(asked)
    }

    /// Whether asking was in vain a moment ago.
    pub(crate) fn has_setback(&self, asked: Asked) -> bool {
        self.setbacks.get(asked).is_some()
    }

    /// Refreshes what is in memory, behind the back of whoever is shown it, unless that failed just now.
    pub(crate) fn refresh(self: &Arc<Self>, asked: Asked) {
        if !self.has_setback(asked) {
            // What is in memory is shown whether or not this works.
            let _ = self.fetch(asked, Purpose::Refresh);
        }
    }

    /// Begins a fetch, or joins the one that is under way. It is a task of its own, which no caller stops.
    pub(crate) fn fetch(self: &Arc<Self>, asked: Asked, purpose: Purpose) -> Result<Flight, FetchError> {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&asked) {
            return Ok(flight.clone());
        }
        // A flight may have landed since the caller looked. What it gave was noted before it left the list.
        if let Some(outcome) = self.known(asked).filter(|_| purpose == Purpose::Visit) {
            return Ok(Flight::landed(outcome));
        }
        // Work in the background leaves half of the room to those who wait.
        let room = if purpose == Purpose::Visit { self.most_flights } else { self.most_flights / 2 };
        if flights.len() >= room {
            return Err(FetchError::TooMany);
        }
        let ticket = self.breaker.admit(Instant::now().into_std()).ok_or(FetchError::KnownToBeDown)?;
        let (flight, landing) = Flight::take_off(ticket);
        flights.insert(asked, flight.clone());
        let fetcher = Arc::clone(self);
        let begun = flight.clone();
        let fly = async move {
            let result = fetcher.ask(asked, ticket, purpose, &begun).await;
            let outcome = fetcher.settle(asked, ticket, result);
            fetcher.flights().remove(&asked);
            landing.send_replace(Some(outcome));
        };
        self.runtime.spawn(fly.instrument(Span::current()));
        Ok(flight)
    }

    /// Waits for a fetch until `deadline`, and hardly at all while the upstream is known to be down.
    pub(crate) async fn wait(&self, flight: &Flight, deadline: Instant) -> Outcome {
        let began = Instant::now();
        let brief = began + WAIT_WHILE_DOWN;
        let until = if self.is_down() { deadline.min(brief) } else { deadline };
        if let Ok(outcome) = timeout_at(until, flight.outcome()).await {
            return outcome;
        }
        let tried_for = began.elapsed().min(flight.asked_for());
        if let Some(ticket) = flight.ticket.filter(|_| tried_for >= FAIR_TRIAL) {
            self.timed_out(ticket);
        }
        Err(Arc::new(FetchError::Timeout))
    }

    /// Asks for the newest comic as long as the upstream is down, so that it is found to be back without a
    /// visitor. Ends when told to.
    pub(crate) async fn probe_while_down(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let probing = async {
            loop {
                self.went_down.notified().await;
                while self.is_down() {
                    sleep(PROBE_EVERY).await;
                    if let Ok(flight) = self.fetch(Asked::Newest, Purpose::Refresh) {
                        // Its outcome has told the breaker.
                        let _ = flight.outcome().await;
                    }
                }
            }
        };
        tokio::select! {
            () = probing => {}
            _ = stop.wait_for(|it| *it) => {}
        }
    }

    /// What a fetch would give, when that is known without one.
    fn known(&self, asked: Asked) -> Option<Outcome> {
        if let Asked::Number(number) = asked
            && let Some(held) = self.memory.get(number)
        {
            return Some(Ok(Some(held)));
        }
        match self.setbacks.get(asked)? {
            Setback::Absent => Some(Ok(None)),
            Setback::Corrupt(error) => Some(Err(error)),
            Setback::Failed => None,
        }
    }

    /// One fetch: waits for its turn, then asks, at most twice under one deadline.
    async fn ask(
        &self,
        asked: Asked,
        ticket: Ticket,
        purpose: Purpose,
        flight: &Flight,
    ) -> Result<Option<Comic>, FetchError> {
        // A probe does not queue behind fetches that hang: there is only one at a time.
        let _turn = if ticket.is_probe { None } else { Some(self.turn().await?) };
        if !self.breaker.still_admits(ticket) {
            return Err(FetchError::KnownToBeDown);
        }
        flight.ask();
        let deadline = Instant::now() + self.fetch_timeout;
        let retries = usize::from(purpose != Purpose::Fill && !ticket.is_probe);
        let delays =
            ExponentialBuilder::new().with_min_delay(RETRY_DELAY).with_jitter().with_max_times(retries);
        (|| self.request(asked, deadline))
            .retry(delays)
            .when(|error| error.is_transient() && self.breaker.still_admits(ticket))
            .await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, FetchError> {
        self.turns.acquire().await.map_err(|_| FetchError::Ended)
    }

    async fn request(&self, asked: Asked, deadline: Instant) -> Result<Option<Comic>, FetchError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::Timeout);
        }
        let (client, span) = (Arc::clone(&self.client), Span::current());
        let request = self.runtime.spawn_blocking(move || span.in_scope(|| client.get(asked, left)));
        let result = request.await.unwrap_or(Err(FetchError::Ended));
        self.counters.requested(&result);
        result
    }

    /// Takes in what a fetch gave.
    fn settle(&self, asked: Asked, ticket: Ticket, result: Result<Option<Comic>, FetchError>) -> Outcome {
        if result.is_ok() {
            self.breaker.succeeded();
            self.outage.succeeded();
        }
        match result {
            Ok(Some(comic)) => {
                let number = comic.number;
                let now = OffsetDateTime::now_utc();
                // The archive keeps whole seconds: what is in memory should not differ from it.
                let held = self.memory.insert(comic, now.replace_nanosecond(0).unwrap_or(now));
                if asked == Asked::Newest {
                    self.memory.raise_newest(Newest { number, confirmed: Some(Instant::now()) });
                }
                self.unsaved.add(number);
                self.setbacks.clear(asked);
                Ok(Some(held))
            }
            Ok(None) => {
                self.setbacks.note(asked, Setback::Absent);
                Ok(None)
            }
            Err(error) => {
                let error = Arc::new(error);
                self.note_failure(asked, ticket, &error);
                Err(error)
            }
        }
    }

    fn note_failure(&self, asked: Asked, ticket: Ticket, error: &Arc<FetchError>) {
        tracing::debug!(comic = %asked, error = %Chain(error), "a fetch failed");
        if error.is_corrupt() {
            if !self.setbacks.note(asked, Setback::Corrupt(Arc::clone(error))) {
                // A document that stays garbage says nothing about the others, however often it is asked for.
                self.breaker.gave_up(ticket);
                return;
            }
            let cause = Chain(error);
            tracing::warn!(event = "upstream.invalid", comic = %asked, error = %cause, "a document is passed over");
            if error.is_of_one_document() && asked != Asked::Newest {
                // Nor does one that is new: the site answered.
                self.breaker.gave_up(ticket);
                return;
            }
        } else if error.was_asked() {
            self.setbacks.note(asked, Setback::Failed);
        }
        self.report(ticket, error);
    }

    /// Tells the breaker how a fetch failed.
    fn report(&self, ticket: Ticket, error: &FetchError) {
        if !error.was_asked() {
            self.breaker.gave_up(ticket);
            return;
        }
        self.outage.failed(error);
        if matches!(error, FetchError::Timeout) {
            self.timed_out(ticket);
            self.breaker.gave_up(ticket);
        } else if self.breaker.failed(ticket, Instant::now().into_std()) == Change::Opened {
            self.goes_down();
        }
    }

    /// A fetch, or somebody who waited for it, ran out of time.
    fn timed_out(&self, ticket: Ticket) {
        if self.breaker.timed_out(ticket, Instant::now().into_std()) == Change::Opened {
            self.outage.failed(&FetchError::Timeout);
            self.goes_down();
        }
    }

    fn goes_down(&self) {
        self.outage.begins();
        self.went_down.notify_one();
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Asked, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
