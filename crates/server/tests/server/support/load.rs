//! Many visitors at once.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::{Answer, Connection};

/// What visitors saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Pages that came whole, with status 200.
    pub(crate) acknowledged: u64,
    /// Pages without a number among them.
    pub(crate) unnumbered: u64,
    /// Requests whose answer did not come whole: they may be counted.
    pub(crate) in_doubt: u64,
    /// Answers with another status.
    pub(crate) refused: u64,
    /// The longest time to a page.
    pub(crate) slowest: Duration,
    /// Pages that came whole, by comic.
    pub(crate) seen: BTreeMap<u32, u64>,
    /// The highest number shown, by comic.
    pub(crate) highest: BTreeMap<u32, u32>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.unnumbered += other.unnumbered;
        self.in_doubt += other.in_doubt;
        self.refused += other.refused;
        self.slowest = self.slowest.max(other.slowest);
        for (comic, pages) in other.seen {
            *self.seen.entry(comic).or_default() += pages;
        }
        for (comic, views) in other.highest {
            let highest = self.highest.entry(comic).or_default();
            *highest = views.max(*highest);
        }
    }

    /// Notes a page that somebody else looked at.
    pub(crate) fn saw(&mut self, page: &Answer) {
        self.acknowledged += 1;
        *self.seen.entry(page.comic()).or_default() += 1;
    }

    /// Each comic was counted as often as it was seen, and beyond that at most what is in doubt.
    #[track_caller]
    pub(crate) fn assert_counted(&self, counts: &BTreeMap<u32, u64>) {
        for (comic, seen) in &self.seen {
            let counted = counts.get(comic).copied().unwrap_or_default();
            assert!(counted >= *seen, "{comic}: seen {seen} times, counted {counted} times");
        }
        let (counted, at_most) = (counts.values().sum::<u64>(), self.acknowledged + self.in_doubt);
        assert!((self.acknowledged..=at_most).contains(&counted), "{counted} are counted of {self:?}");
    }
}

/// How visitors behave.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) visitors: u32,
    /// How many pages they look at, together.
    pub(crate) pages: u64,
    /// Whether they come back after a page that closes the connection; a load balancer would not.
    pub(crate) persistent: bool,
}

/// Visitors on their way.
pub(crate) struct Visits {
    shared: Arc<Shared>,
    visitors: Vec<JoinHandle<Tally>>,
}

struct Shared {
    crowd: Crowd,
    address: SocketAddr,
    pages_left: AtomicU64,
    seen: AtomicU64,
    go_home: AtomicBool,
}

impl Crowd {
    pub(crate) fn visit(self, address: SocketAddr) -> Visits {
        let shared = Arc::new(Shared {
            crowd: self,
            address,
            pages_left: AtomicU64::new(self.pages),
            seen: AtomicU64::new(0),
            go_home: AtomicBool::new(false),
        });
        let visitor = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.visit())
        };
        let visitors = (0..self.visitors).map(visitor).collect();
        Visits { shared, visitors }
    }
}

/// Who stayed behind would look at the app of another test, on the same port.
impl Drop for Visits {
    fn drop(&mut self) {
        self.shared.go_home.store(true, Ordering::Relaxed);
    }
}

impl Visits {
    /// How many pages came so far.
    pub(crate) fn seen(&self) -> u64 {
        self.shared.seen.load(Ordering::Relaxed)
    }

    /// All go home after their next page.
    pub(crate) fn end(self) -> Tally {
        self.shared.go_home.store(true, Ordering::Relaxed);
        self.until_the_end()
    }

    /// Waits until all have seen enough, or found the door closed.
    pub(crate) fn until_the_end(mut self) -> Tally {
        let mut all = Tally::default();
        for visitor in mem::take(&mut self.visitors) {
            all.add(visitor.join().unwrap());
        }
        all
    }
}

impl Shared {
    fn visit(&self) -> Tally {
        let mut tally = Tally::default();
        let mut deck = None;
        let mut open: Option<Connection> = None;
        while !self.go_home.load(Ordering::Relaxed) && self.take_page() {
            let connection = match open.take().map_or_else(|| Connection::open(self.address), Ok) {
                Ok(connection) => connection,
                // The door is closed: nothing was asked.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => break,
                Err(_) => {
                    tally.in_doubt += 1;
                    continue;
                }
            };
            open = self.see_page(connection, &mut deck, &mut tally);
            if open.is_none() && !self.crowd.persistent {
                break;
            }
        }
        tally
    }

    fn take_page(&self) -> bool {
        self.pages_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// The connection again, if it stays open.
    fn see_page(
        &self,
        mut connection: Connection,
        deck: &mut Option<String>,
        tally: &mut Tally,
    ) -> Option<Connection> {
        let began = Instant::now();
        let headers: Vec<_> = deck.iter().map(|deck: &String| ("Cookie", deck.as_str())).collect();
        let Ok(page) = connection.request("GET", "/", &headers) else {
            tally.in_doubt += 1;
            return None;
        };
        tally.slowest = tally.slowest.max(began.elapsed());
        if page.status == 200 {
            tally.saw(&page);
            self.seen.fetch_add(1, Ordering::Relaxed);
            match page.views() {
                Some(views) => {
                    let highest = tally.highest.entry(page.comic()).or_default();
                    *highest = views.max(*highest);
                }
                None => tally.unnumbered += 1,
            }
        } else {
            tally.refused += 1;
        }
        *deck = page.deck();
        let closes = page.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        (!closes).then_some(connection)
    }
}
