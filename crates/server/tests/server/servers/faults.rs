//! What may happen to PostgreSQL while many look at pages, and that no view is lost or counted twice.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use xkcd_breakable_proxy::{AnswerCuts, BreakableProxy, Direction, Mode};

use super::PATIENCE;
use super::psql::{Session, query};
use super::server_process::ServerProcess;
use super::site::{Site, postgres_address};
use crate::support::{App, Crowd, Ended, Launch, Tally, Visits, log_line, until};

/// What a page may take.
const PAGE_TIME: Duration = Duration::from_secs(2);
/// By when all is written once the store is back.
const WRITTEN_WITHIN: Duration = Duration::from_secs(3);
/// How long what needs no store may take.
const AT_ONCE: Duration = Duration::from_millis(500);
/// What the app may take, however much waits.
const MEMORY: u64 = 64 << 20;
/// Batches that the store had already when they came again: the answer to them had been lost.
const REPEATED: &str = r#"xkcdapp_view_batches_total{result="repeated"}"#;

/// The app under load, whose store is about to break.
struct Trial {
    site: Site,
    app: App,
    visits: Visits,
    /// What was looked at beside them.
    looks: RefCell<Tally>,
}

impl Trial {
    #[track_caller]
    fn begin(site: Site, launch: Launch) -> Self {
        let app = launch.start();
        until("it is ready", PATIENCE, || app.get("/health/ready").status == 200);
        let visits = Crowd { visitors: 24, pages: u64::MAX, persistent: true }.visit(app.address);
        until("many are there", PATIENCE, || visits.seen() > 500);
        Self { site, app, visits, looks: RefCell::default() }
    }

    /// Looks at a page; whether it has its number.
    #[track_caller]
    fn is_number_shown(&self) -> bool {
        let page = self.app.get("/");
        assert_eq!(page.status, 200);
        self.looks.borrow_mut().saw(&page);
        page.views().is_some()
    }

    /// Lets a fault last, and looks meanwhile at what has to go on whatever the store does.
    #[track_caller]
    fn endure(&self, how_long: Duration) {
        let (began, seen) = (Instant::now(), self.visits.seen());
        until("the fault has lasted", PATIENCE, || {
            let asked = Instant::now();
            let paths = ["/health/live", "/favicon.ico", "/health/ready"];
            assert_eq!(paths.map(|path| self.app.get(path).status), [200; 3]);
            assert!(asked.elapsed() < AT_ONCE, "what needs no store waits {:?}", asked.elapsed());
            began.elapsed() > how_long
        });
        assert!(self.visits.seen() > seen + 100, "hardly anybody was served: {}", self.visits.seen() - seen);
        for path in ["/popular/", "/archive/", "/search/?q=a", "/api/popular", "/api/comics/1000001"] {
            self.assert_discreet(path);
        }
    }

    /// What reads from the store says in time that it can't, and nothing of what is behind.
    #[track_caller]
    fn assert_discreet(&self, path: &str) {
        let asked = Instant::now();
        let answer = self.app.get(path);
        assert!(asked.elapsed() < PAGE_TIME, "{path} took {:?}", asked.elapsed());
        assert!(matches!(answer.status, 200 | 503), "{path}: {}", answer.status);
        // Pages name the address that they are under.
        let text = answer.text().to_lowercase().replace(&self.app.address.to_string(), "");
        let port = postgres_address().port().to_string();
        for internal in ["postgres", "127.0.0.1", &port, &self.site.name] {
            assert!(!text.contains(internal), "{path} tells of {internal}: {text}");
        }
    }

    /// The store has returned at `since`: all is written soon, each view once, and numbers are shown again.
    #[track_caller]
    fn recover(self, since: Instant) -> Tally {
        let Self { site, app, visits, looks } = self;
        let waiting = visits.seen();
        let left = || WRITTEN_WITHIN.saturating_sub(since.elapsed());
        until("what waited is written", left(), || site.try_views().is_some_and(|views| views >= waiting));
        let mut looks = looks.into_inner();
        until("numbers are back", left(), || {
            let page = app.get("/");
            looks.saw(&page);
            page.views().is_some()
        });
        let recovered = since.elapsed();
        let mut tally = visits.end();
        assert_eq!((tally.in_doubt, tally.refused), (0, 0));
        assert!(tally.slowest < PAGE_TIME, "{:?}", tally.slowest);
        tally.add(looks);
        until("all is counted", WRITTEN_WITHIN, || site.views() >= tally.acknowledged);
        let (_, memory) = app.memory();
        assert!(memory < MEMORY, "{memory} bytes");
        // What comes twice may come late: after the end nothing comes any more.
        let ended = app.stop();
        assert_eq!(ended.code, Some(0));
        assert_logged_once(&ended);
        let (counted, seen) = (site.views(), tally.acknowledged);
        // For docs/reliability.md.
        println!(
            "{}: {seen} views seen, {counted} counted, {} without a number, the longest answer {:?}, recovered after {recovered:?}",
            std::thread::current().name().unwrap_or_default(),
            tally.unnumbered,
            tally.slowest,
        );
        assert_eq!(counted, seen);
        tally.assert_counted(&site.views_by_comic());
        tally
    }
}

/// One line says that the store is gone, few that views wait, and none that a visitor noticed.
#[track_caller]
fn assert_logged_once(ended: &Ended) {
    let lines: Vec<_> = ended.output.iter().map(|line| log_line(line)).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert!(of("postgres.unavailable") <= 1, "{} lines of one outage", of("postgres.unavailable"));
    assert!(of("views.unavailable") <= 20, "{} lines of batches", of("views.unavailable"));
    // What `endure` asked for beside comic pages may say that it could not be had.
    for line in lines.iter().filter(|line| matches!(line["level"].as_str(), Some("WARN" | "ERROR"))) {
        let event = line["event"].as_str().unwrap_or_default();
        let known = match event {
            "request" => line["http.route"] != "/",
            event => ["postgres.unavailable", "views.unavailable", "counts.stale"].contains(&event),
        };
        assert!(known, "{line}");
    }
}

/// A fault that is felt: pages come without numbers for a while.
#[track_caller]
fn assert_felt(tally: &Tally) {
    assert!(tally.unnumbered > 0, "the fault was not felt");
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn answers_that_are_lost_with_their_connections_count_once() {
    /// A connection's first answers are of its handshake and its checks.
    const SPARED: u64 = 10;
    let (proxy, trial) = begin_behind_proxy();
    proxy.cut_answers(AnswerCuts::Fraction { probability: 0.05, seed: 1, spared: SPARED });
    trial.endure(Duration::from_secs(4));
    // A busy machine sends fewer batches.
    until("enough answers were cut", PATIENCE, || proxy.counters().answers_cut >= 10);
    until("the answer to a COMMIT was among them", PATIENCE, || trial.app.metrics().value(REPEATED) > 0);
    proxy.cut_answers(AnswerCuts::Never);
    trial.recover(Instant::now());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_server_that_is_killed_and_started_again_loses_nothing() {
    let trial = begin();
    let server = ServerProcess::postgres();
    let killed = server.kill();
    trial.endure(Duration::from_secs(2));
    killed.start();
    let since = Instant::now();
    assert_felt(&trial.recover(since));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_server_that_stands_still_is_waited_out() {
    let trial = begin();
    let pause = ServerProcess::postgres().pause();
    trial.endure(Duration::from_secs(5));
    drop(pause);
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_locked_table_is_waited_out() {
    let trial = begin();
    let lock = Session::begin(&trial.site.name, "BEGIN; LOCK TABLE comic_views; SELECT 'begun';");
    trial.endure(Duration::from_secs(4));
    drop(lock);
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_database_that_takes_no_writes_is_waited_out() {
    let trial = begin();
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only", trial.site.name);
    trial.site.sql(&format!("{read_only} = on"));
    // Sessions keep what held when they began.
    trial.site.sql(&terminate(&trial.site.name));
    trial.endure(Duration::from_secs(4));
    query("postgres", &format!("{read_only} = off"));
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_connection_limit_of_zero_is_waited_out() {
    let trial = begin();
    let limit = format!("ALTER ROLE {} CONNECTION LIMIT", trial.site.name);
    trial.site.sql(&format!("{limit} 0"));
    trial.site.sql(&terminate(&trial.site.name));
    trial.endure(Duration::from_secs(4));
    trial.site.sql(&format!("{limit} -1"));
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn sessions_that_are_terminated_all_the_time_lose_nothing() {
    let trial = begin();
    let terminate = terminate(&trial.site.name);
    let again = format!("SELECT 'begun'; {terminate} \\watch 0.1");
    let again = Session::begin("postgres", &again);
    trial.endure(Duration::from_secs(4));
    let killed = "SELECT sessions_killed FROM pg_stat_database WHERE datname = current_database()";
    until("enough sessions were terminated", PATIENCE, || {
        trial.site.sql(killed).parse::<u32>().unwrap() >= 20
    });
    drop(again);
    trial.recover(Instant::now());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_network_that_swallows_everything_and_delivers_it_later_is_waited_out() {
    let (proxy, trial) = begin_behind_proxy();
    proxy.set_mode(Mode::Hold).unwrap();
    trial.endure(Duration::from_secs(3));
    // What was sent before the outage arrives after it.
    proxy.set_mode(Mode::Pass).unwrap();
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn what_the_network_swallowed_for_good_is_waited_out() {
    let (proxy, trial) = begin_behind_proxy();
    proxy.set_mode(Mode::Hold).unwrap();
    trial.endure(Duration::from_secs(3));
    // What is on the way is lost, batches that the server committed and answers to them.
    proxy.cut_connections().unwrap();
    proxy.set_mode(Mode::Pass).unwrap();
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn connections_that_end_at_one_side_alone_are_waited_out() {
    let (proxy, trial) = begin_behind_proxy();
    for direction in [Direction::ToServer, Direction::ToClient, Direction::ToServer, Direction::ToClient] {
        proxy.half_close_connections(direction);
        trial.endure(Duration::from_secs(1));
    }
    trial.recover(Instant::now());
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_slow_server_is_waited_for_as_long_as_a_page_may_take() {
    let (proxy, trial) = begin_behind_proxy();
    // A view waits for the batch before its own, too.
    proxy.set_delay(Direction::ToClient, Duration::from_millis(100));
    trial.endure(Duration::from_secs(3));
    assert!(trial.is_number_shown(), "a page waits for what comes in time");
    proxy.set_delay(Direction::ToClient, Duration::from_secs(2));
    trial.endure(Duration::from_secs(4));
    assert!(!trial.is_number_shown(), "a page waits no longer than it may");
    proxy.set_delay(Direction::ToClient, Duration::ZERO);
    assert_felt(&trial.recover(Instant::now()));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_number_that_was_shown_amid_lost_answers_is_stored_though_the_process_is_killed() {
    let (proxy, trial) = begin_behind_proxy();
    proxy.cut_answers(AnswerCuts::Fraction { probability: 0.1, seed: 3, spared: 10 });
    trial.endure(Duration::from_secs(1));
    let Trial { site, app, visits, looks } = trial;
    app.kill();
    drop(proxy);
    let mut tally = visits.end();
    tally.add(looks.into_inner());
    // The server still ends what it was told last.
    until("its sessions have ended", PATIENCE, || {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'xkcdapp'";
        site.sql(sessions) == "0"
    });
    let stored = site.views_by_comic();
    assert!(!tally.highest.is_empty());
    for (comic, shown) in &tally.highest {
        assert!(stored[comic] >= u64::from(*shown), "{comic}: {shown} was shown, not {}", stored[comic]);
    }
    assert!(stored.values().sum::<u64>() <= tally.acknowledged + tally.in_doubt);
}

#[track_caller]
fn begin() -> Trial {
    let site = Site::migrated();
    let launch = site.launch();
    Trial::begin(site, launch)
}

#[track_caller]
fn begin_behind_proxy() -> (BreakableProxy, Trial) {
    let site = Site::migrated();
    let proxy = BreakableProxy::start(postgres_address()).unwrap();
    let launch = site.launch_through(&proxy).set("XKCDAPP_METRICS_LISTEN", "127.0.0.1:0");
    (proxy, Trial::begin(site, launch))
}

/// Ends the sessions of a role.
fn terminate(role: &str) -> String {
    format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")
}
