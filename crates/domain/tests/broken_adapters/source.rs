//! A source in memory, over an upstream in memory that can be cut off.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use time::OffsetDateTime;
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, Sourced};
use xkcd_domain::contract::comic_source::{SourceSubject, Upstream, UpstreamMode};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

use crate::flaw::{Flaw, now};

const NEWEST: u32 = 7;

pub(crate) fn subject(flaw: Flaw) -> SourceSubject {
    let upstream = Arc::new(FakeUpstream {
        state: Mutex::new(UpstreamState { mode: UpstreamMode::Answers, waiting: vec![], fetched: vec![] }),
    });
    let source = FlawedSource { flaw, upstream: Arc::clone(&upstream), state: Arc::default() };
    SourceSubject { source: Arc::new(source), absent: number(NEWEST + 1), upstream: Some(upstream) }
}

fn number(number: u32) -> ComicNumber {
    number.try_into().unwrap()
}

struct FakeUpstream {
    state: Mutex<UpstreamState>,
}

struct UpstreamState {
    mode: UpstreamMode,
    waiting: Vec<Waker>,
    fetched: Vec<ComicNumber>,
}

impl FakeUpstream {
    /// Whether a request is answered, when it is.
    async fn answers(&self) -> bool {
        poll_fn(|context| {
            let mut state = self.state.lock().unwrap();
            match state.mode {
                UpstreamMode::Answers => Poll::Ready(true),
                UpstreamMode::Fails => Poll::Ready(false),
                UpstreamMode::Holds => {
                    state.waiting.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn mode(&self) -> UpstreamMode {
        self.state.lock().unwrap().mode
    }
}

impl Upstream for FakeUpstream {
    fn set_mode(&self, mode: UpstreamMode) {
        let waiting = {
            let mut state = self.state.lock().unwrap();
            state.mode = mode;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    fn fetches(&self, comic: ComicNumber) -> usize {
        self.state.lock().unwrap().fetched.iter().filter(|it| **it == comic).count()
    }
}

struct FlawedSource {
    flaw: Flaw,
    upstream: Arc<FakeUpstream>,
    state: Arc<Mutex<State>>,
}

/// A fetch that all callers of one comic wait for: whether it was answered.
#[derive(Clone)]
struct Fetch {
    answered: Shared<BoxFuture<'static, bool>>,
    abandoned: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    range: Option<ComicRange>,
    /// What was fetched, in the order in which it came.
    memory: Vec<Arc<Comic>>,
    fetching: BTreeMap<ComicNumber, Fetch>,
}

impl State {
    fn remembered(&self, number: ComicNumber) -> Option<Arc<Comic>> {
        self.memory.iter().find(|it| it.number == number).cloned()
    }
}

fn comic(number: ComicNumber) -> Arc<Comic> {
    Arc::new(Comic {
        number,
        title: format!("Comic {number}"),
        caption: None,
        transcript: None,
        image: None,
        link: None,
        interactive: false,
        published: None,
    })
}

fn sourced(comic: Arc<Comic>) -> Sourced {
    Sourced { comic, fetched_at: Some(OffsetDateTime::UNIX_EPOCH), stale: false }
}

fn unavailable() -> ComicSourceError {
    ComicSourceError::Unavailable("the upstream does not answer".into())
}

/// What a future gives by a deadline.
async fn by<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut alarmed = false;
    poll_fn(|context| {
        if let Poll::Ready(done) = future.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        let left = deadline.saturating_duration_since(now());
        if left.is_zero() {
            return Poll::Ready(None);
        }
        if !alarmed {
            alarmed = true;
            let waker = context.waker().clone();
            thread::spawn(move || {
                thread::sleep(left);
                waker.wake();
            });
        }
        Poll::Pending
    })
    .await
}

/// Marks a fetch as abandoned when its first caller leaves.
struct First(Option<(Fetch, Arc<FakeUpstream>)>);

impl Drop for First {
    fn drop(&mut self) {
        if let Some((fetch, upstream)) = self.0.take() {
            fetch.abandoned.store(true, Ordering::Relaxed);
            // Those who wait look again.
            upstream.set_mode(upstream.mode());
        }
    }
}

impl FlawedSource {
    fn fetch(&self, number: ComicNumber) -> (Fetch, First) {
        let mut state = self.state.lock().unwrap();
        let shares = !self.flaw.is("callers_at_the_same_time_cause_one_fetch");
        if let Some(fetch) = state.fetching.get(&number).filter(|_| shares) {
            return (fetch.clone(), First(None));
        }
        self.upstream.state.lock().unwrap().fetched.push(number);
        let (upstream, kept) = (Arc::clone(&self.upstream), Arc::clone(&self.state));
        let answered = async move {
            let answered = upstream.answers().await;
            let mut state = kept.lock().unwrap();
            if answered && number.get() <= NEWEST && state.remembered(number).is_none() {
                state.memory.push(comic(number));
            }
            state.fetching.remove(&number);
            answered
        };
        let fetch = Fetch { answered: answered.boxed().shared(), abandoned: Arc::default() };
        state.fetching.insert(number, fetch.clone());
        let abandons = self.flaw.is("a_caller_who_leaves_does_not_stop_the_fetch");
        (fetch.clone(), First(abandons.then(|| (fetch, Arc::clone(&self.upstream)))))
    }

    /// Whether the comic was fetched by the deadline.
    async fn is_fetched(&self, number: ComicNumber, deadline: Instant) -> bool {
        let (fetch, mut first) = self.fetch(number);
        let mut answered = fetch.answered.clone();
        let answered = poll_fn(|context| {
            if fetch.abandoned.load(Ordering::Relaxed) {
                return Poll::Ready(false);
            }
            answered.poll_unpin(context)
        });
        let done = if self.flaw.is("a_comic_that_hangs_is_given_up_by_the_deadline") {
            answered.await
        } else {
            by(deadline, answered).await.unwrap_or(false)
        };
        first.0 = None;
        done
    }
}

#[async_trait]
impl ComicSource for FlawedSource {
    async fn range(&self, deadline: Instant) -> Result<ComicRange, ComicSourceError> {
        let known = self.state.lock().unwrap().range;
        let forgets = self.flaw.is("a_known_range_stays_known_in_an_outage")
            && self.upstream.mode() != UpstreamMode::Answers;
        if let Some(range) = known.filter(|_| !forgets) {
            return Ok(range);
        }
        let answered = if self.flaw.is("a_range_that_hangs_is_given_up_by_the_deadline") {
            self.upstream.answers().await
        } else {
            by(deadline, self.upstream.answers()).await.unwrap_or(false)
        };
        let range = ComicRange::new(ComicNumber::ONE, number(NEWEST)).filter(|_| answered);
        self.state.lock().unwrap().range = range;
        range.ok_or_else(unavailable)
    }

    async fn comic(
        &self,
        number: ComicNumber,
        deadline: Instant,
    ) -> Result<Option<Sourced>, ComicSourceError> {
        let mode = self.upstream.mode();
        let forgets =
            self.flaw.is("a_comic_in_memory_comes_at_once_in_an_outage") && mode != UpstreamMode::Answers;
        let remembered = self.state.lock().unwrap().remembered(number).filter(|_| !forgets);
        if let Some(comic) = remembered {
            let mistaken = self.flaw.is("a_comic_has_the_number_asked_for") && mode == UpstreamMode::Answers;
            return Ok(Some(sourced(if mistaken { self::comic(ComicNumber::ONE) } else { comic })));
        }
        if number.get() == NEWEST && self.flaw.is("the_ends_of_the_range_are_comics") {
            return Ok(None);
        }
        if !self.is_fetched(number, deadline).await {
            let absent = self.flaw.is("an_outage_is_not_taken_for_absence") && mode == UpstreamMode::Fails;
            return if absent { Ok(None) } else { Err(unavailable()) };
        }
        if number.get() > NEWEST && self.flaw.is("a_number_without_a_comic_gives_none") {
            return Err(ComicSourceError::Corrupt("not a document".into()));
        }
        Ok(self.state.lock().unwrap().remembered(number).map(sourced))
    }

    fn in_memory(&self, number: ComicNumber) -> Option<Sourced> {
        self.state.lock().unwrap().remembered(number).map(sourced)
    }

    fn all_in_memory(&self) -> Arc<[Arc<Comic>]> {
        let mut all = self.state.lock().unwrap().memory.clone();
        if self.flaw.is("what_was_answered_is_in_memory") {
            all.pop();
        }
        if !self.flaw.is("all_in_memory_ascends_each_once") {
            all.sort_by_key(|it| it.number);
        }
        all.into()
    }
}
