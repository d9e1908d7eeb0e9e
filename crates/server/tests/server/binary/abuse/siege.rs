//! An app that is attacked, and a visitor who looks at its pages meanwhile.

use std::cell::Cell;
use std::fmt;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{MARK, Release};
use crate::support::{App, Connection, Database, Launch, until};

/// What a page may take.
const PAGE_TIME: Duration = Duration::from_secs(2);
/// What an exchange may take in which the client says all at once.
const AT_MOST: Duration = Duration::from_secs(4);

pub(super) struct Siege {
    pub(super) app: App,
    data: TempDir,
    /// The highest that its memory may come to.
    memory: u64,
    bystander: Bystander,
    /// Requests whose answer did not come whole.
    in_doubt: Cell<u64>,
    _turn: Release,
}

impl Siege {
    #[track_caller]
    pub(super) fn begin() -> Self {
        Self::of(|launch| launch, 64 << 20)
    }

    #[track_caller]
    pub(super) fn of(prepare: impl Fn(Launch) -> Launch, memory: u64) -> Self {
        let turn = Release::alone();
        let data = tempfile::tempdir().unwrap();
        let launch = turn
            .launch()
            .data(data.path())
            .set("XKCDAPP_METRICS_LISTEN", "127.0.0.1:0")
            .set("XKCDAPP_SHUTDOWN_SECONDS", "4");
        let app = prepare(launch).start();
        let bystander = Bystander::begin(app.address);
        Self { app, data, memory, bystander, in_doubt: Cell::default(), _turn: turn }
    }

    /// Sends bytes as they are, says that no more come, and takes what comes until the connection is closed.
    #[track_caller]
    pub(super) fn send(&self, bytes: &[u8]) -> Reply {
        self.exchange(bytes, true)
    }

    /// The same, but could send more: that the connection is closed is the app's own decision.
    #[track_caller]
    pub(super) fn provoke(&self, bytes: &[u8]) -> Reply {
        self.exchange(bytes, false)
    }

    #[track_caller]
    fn exchange(&self, bytes: &[u8], says_when_done: bool) -> Reply {
        let reply = Reply::to(self.app.address, bytes, says_when_done);
        if reply.was_cut || reply.statuses.is_empty() {
            self.in_doubt.set(self.in_doubt.get() + 1);
        }
        assert!(reply.is_closed && reply.took < AT_MOST, "it hangs: {reply:?}");
        assert!(reply.statuses.iter().all(|status| *status < 500), "{reply:?}");
        assert!(!reply.text.contains(MARK), "it repeats what was sent: {reply:?} {}", reply.text);
        reply
    }

    /// Files and connections that the app has open.
    pub(super) fn open_files(&self) -> u64 {
        self.app.metrics().value("xkcdapp_open_files")
    }

    /// It was served well who behaved, and whoever reads log and metrics was not woken.
    #[track_caller]
    pub(super) fn lift(self) {
        let visits = self.bystander.end();
        assert!(visits.others.is_empty() && visits.slowest < PAGE_TIME, "{visits:?}");
        assert_eq!(self.app.get("/health/live").status, 200);
        let (_, memory) = self.app.memory();
        assert!(memory < self.memory, "{memory} bytes");
        let metrics = self.app.metrics();
        assert_eq!(metrics.requests("5", |_| true), 0, "{metrics:?}");
        let refused = metrics.requests("4", |_| true);
        let is_page = |line: &str| {
            line.contains("method=\"GET\"") && ["\"/\"", "\"/{number}/\""].iter().any(|it| line.contains(it))
        };
        let pages = metrics.requests("200", is_page);

        let ended = self.app.stop();
        assert_eq!((ended.code, ended.message().as_str()), (Some(0), ""), "{ended:?}");
        let lines: Vec<serde_json::Value> =
            ended.output.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let alarming: Vec<_> = lines.iter().filter(|line| line["level"] != "INFO").collect();
        assert!(alarming.is_empty(), "clients ring the operator's alarm: {alarming:?}");
        let told = lines.iter().filter(|line| line["http.status"].as_u64() >= Some(400)).count();
        assert_eq!(told as u64, refused, "one line for each refusal");
        let (counted, in_doubt) = (Database::open(self.data.path()).views(), self.in_doubt.get());
        let exact = visits.seen <= pages && (pages..=pages + in_doubt).contains(&counted);
        assert!(exact, "{pages} pages, {in_doubt} in doubt, {counted} counted, {visits:?}");
        println!(
            "{}: {refused} requests refused; {} visits meanwhile, all 200, the longest {:?}; {} MB at most",
            thread::current().name().unwrap_or_default(),
            visits.seen,
            visits.slowest,
            memory >> 20,
        );
    }
}

/// What came back for some bytes.
pub(super) struct Reply {
    /// What was sent, as far as it is worth to be shown.
    sent: String,
    pub(super) text: String,
    /// That of each answer.
    pub(super) statuses: Vec<u16>,
    /// Whether not all was taken that was sent.
    pub(super) was_cut: bool,
    is_closed: bool,
    took: Duration,
}

impl Reply {
    #[track_caller]
    pub(super) fn assert_is_refusal(&self) {
        let is_told = matches!(self.statuses[..], [400..500]);
        assert!(is_told || (self.statuses.is_empty() && self.was_cut), "{self:?}");
    }

    fn to(address: SocketAddr, bytes: &[u8], says_when_done: bool) -> Self {
        let began = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(AT_MOST)).unwrap();
        stream.set_write_timeout(Some(AT_MOST)).unwrap();
        let mut was_cut = stream.write_all(bytes).is_err();
        if says_when_done {
            was_cut |= stream.shutdown(Shutdown::Write).is_err();
        }
        let mut answer = Vec::new();
        let mut part = [0; 16 << 10];
        let is_closed = loop {
            match stream.read(&mut part) {
                Ok(0) => break true,
                Ok(length) => answer.extend_from_slice(&part[..length]),
                Err(error) => break error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        };
        let text = String::from_utf8_lossy(&answer).into_owned();
        let heads = text.split("HTTP/1.").skip(1);
        let statuses = heads.filter_map(|head| head.get(2..5)?.parse().ok()).collect();
        let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]).into_owned();
        Self { sent, text, statuses, was_cut, is_closed, took: began.elapsed() }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, statuses, is_closed, took, .. } = self;
        write!(formatter, "{statuses:?} to {sent:?}, closed: {is_closed}, after {took:?}")
    }
}

/// Somebody who looks at one page after another.
struct Bystander {
    go_home: Arc<AtomicBool>,
    looked: Arc<AtomicU64>,
    visitor: Option<JoinHandle<Visits>>,
}

/// Who stayed behind would look at the app of another test, on the same port.
impl Drop for Bystander {
    fn drop(&mut self) {
        self.go_home.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Visits {
    seen: u64,
    slowest: Duration,
    /// What came instead of a page.
    others: Vec<String>,
}

impl Bystander {
    fn begin(address: SocketAddr) -> Self {
        let (go_home, looked) = <(Arc<AtomicBool>, Arc<AtomicU64>)>::default();
        let (leaves, looks) = (Arc::clone(&go_home), Arc::clone(&looked));
        let visitor = thread::spawn(move || {
            let mut visits = Visits::default();
            while !leaves.load(Ordering::Relaxed) {
                let began = Instant::now();
                // New each time, as browsers of many people are.
                match Connection::open(address).and_then(|mut it| it.request("GET", "/", &[])) {
                    Ok(page) if page.status == 200 && page.views().is_some() => visits.seen += 1,
                    other => visits.others.push(format!("{other:?}")),
                }
                visits.slowest = visits.slowest.max(began.elapsed());
                looks.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(10));
            }
            visits
        });
        let bystander = Self { go_home, looked, visitor: Some(visitor) };
        bystander.await_looks(1);
        bystander
    }

    /// Waits until somebody has looked often enough to be a witness.
    #[track_caller]
    fn await_looks(&self, looks: u64) {
        until("the bystander has looked", PAGE_TIME * 5, || self.looked.load(Ordering::Relaxed) >= looks);
    }

    #[track_caller]
    fn end(mut self) -> Visits {
        self.await_looks(10);
        self.go_home.store(true, Ordering::Relaxed);
        self.visitor.take().unwrap().join().unwrap()
    }
}
