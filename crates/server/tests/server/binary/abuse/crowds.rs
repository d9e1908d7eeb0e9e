//! More connections than anybody needs, and more than there are descriptors for.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Release, Siege};
use crate::support::{Connection, Database, Tally, until};

/// Each end of a connection takes a descriptor of its process.
const DESCRIPTORS: &str = "12000";

#[test]
#[ignore = "needs the release build: scripts/test"]
fn ten_thousand_idle_connections_leave_others_served_and_the_silent_ones_are_sent_away() {
    const IDLE: u64 = 2_000;
    const SILENT: u64 = 8_000;
    let limit = format!("--nofile={DESCRIPTORS}:");
    let prlimit = Command::new("prlimit").args(["--pid", &std::process::id().to_string(), &limit]).status();
    assert!(prlimit.unwrap().success(), "this needs a hard limit of {DESCRIPTORS} descriptors");
    let siege = Siege::of(|launch| launch, 192 << 20);
    let before = siege.open_files();
    let patient = || {
        let mut connection = Connection::open(siege.app.address).unwrap();
        assert_eq!(connection.request("GET", "/version", &[]).unwrap().status, 200);
        connection
    };
    let mut idle: Vec<_> = (0..IDLE).map(|_| patient()).collect();
    assert!(siege.open_files() >= before + IDLE, "they do not stay");
    let began = Instant::now();
    let mut silent: Vec<_> = (0..SILENT).map(|_| Connection::open(siege.app.address).unwrap()).collect();
    let at_most = siege.open_files();
    until("the silent ones are sent away", Duration::from_secs(12), || {
        silent.last_mut().unwrap().is_closed()
    });
    until("they are forgotten", Duration::from_secs(2), || siege.open_files() < before + IDLE + 50);
    println!("{at_most} descriptors; the silent connections were closed after {:?}", began.elapsed());
    // A load balancer's connections stay for a minute.
    assert_eq!(idle.last_mut().unwrap().request("GET", "/", &[]).unwrap().status, 200);
    drop((idle, silent));
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn without_descriptors_those_who_are_there_are_served_and_others_when_the_silent_are_sent_away() {
    const SILENT: usize = 150;
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release
        .launch()
        .data(data.path())
        .set("XKCDAPP_METRICS_LISTEN", "127.0.0.1:0")
        .after(r#"ulimit -n 128; exec "$0" "$@""#)
        .start();
    let mut visitor = Connection::open(app.address).unwrap();
    assert_eq!(visitor.request("GET", "/", &[]).unwrap().status, 200);
    assert_eq!(app.metrics().value("xkcdapp_open_files_limit"), 128);
    let began = Instant::now();
    let silent: Vec<_> = (0..SILENT).map(|_| TcpStream::connect(app.address).unwrap()).collect();
    let newcomers = AtomicU64::new(1);
    assert!(!is_served(app.address), "there was room for another one");
    let (mut slowest, mut tally) = (Duration::ZERO, Tally::default());
    let newcomer = std::thread::scope(|scope| {
        let newcomer = scope.spawn(|| {
            until("somebody new is served", Duration::from_secs(20), || {
                newcomers.fetch_add(1, Ordering::Relaxed);
                is_served(app.address)
            });
            began.elapsed()
        });
        while !newcomer.is_finished() {
            let asked = Instant::now();
            let page = visitor.request("GET", "/", &[]).unwrap();
            assert!(page.status == 200 && page.views().is_some(), "{}", page.status);
            slowest = slowest.max(asked.elapsed());
            tally.saw(&page);
        }
        newcomer.join().unwrap()
    });
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    drop(silent);
    let errors: Vec<_> = app.log().into_iter().filter(|line| line["level"] == "ERROR").collect();
    println!("who was there waited at most {slowest:?}, who was new {newcomer:?}; {} errors", errors.len());
    println!("{:?}", errors.first());
    assert!((1..=20).contains(&errors.len()), "{errors:?}");
    assert_eq!(app.stop().code, Some(0));
    // The first visit, and those of who was new: all but the last may have come too late to be seen.
    tally.acknowledged += 2;
    tally.in_doubt = newcomers.load(Ordering::Relaxed) - 1;
    tally.assert_counted(&Database::open(data.path()).views_by_comic());
}

/// Whether a new visitor gets a page within a second.
fn is_served(address: SocketAddr) -> bool {
    Connection::open(address)
        .and_then(|mut it| it.request_within(Duration::from_secs(1), "GET", "/"))
        .is_ok_and(|page| page.status == 200)
}
