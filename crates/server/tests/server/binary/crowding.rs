//! More than the process has room for: those who behave are served.

use std::time::Duration;

use super::Release;
use crate::support::{Connection, until};

const MEMORY: u64 = 64 << 20;

#[test]
#[ignore = "needs the release build: scripts/test"]
fn idle_connections_and_slow_heads_leave_others_served() {
    let release = Release::alone();
    let app = release.launch().start();
    let mut idle: Vec<_> = (0..400).map(|_| Connection::open(app.address).unwrap()).collect();
    let (slow, patient) = idle.split_at_mut(200);
    for connection in slow.iter_mut() {
        connection.send(b"GET / HTTP/1.1\r\n").unwrap();
    }
    for connection in patient.iter_mut() {
        connection.request("GET", "/version", &[]).unwrap();
    }
    assert_eq!(app.get("/").status, 200);
    let (_, highest) = app.memory();
    assert!(highest < MEMORY, "{highest} bytes");
    // Who does not end a request's head is sent away.
    until("the slow ones are sent away", Duration::from_secs(10), || slow[0].is_closed());
    assert!(!patient[0].is_closed(), "a load balancer keeps its connections for a minute");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn slow_bodies_and_slow_readers_leave_others_served() {
    let release = Release::alone();
    let app = release.launch().start();
    let mut slow: Vec<_> = (0..200).map(|_| Connection::open(app.address).unwrap()).collect();
    for (index, connection) in slow.iter_mut().enumerate() {
        if index % 2 == 0 {
            connection
                .send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx")
                .unwrap();
        } else {
            let request = b"GET /1000001/ HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
            connection.send(&request).unwrap();
        }
    }
    for _ in 0..20 {
        assert_eq!(app.get("/").status, 200);
    }
    let (_, highest) = app.memory();
    assert!(highest < MEMORY, "{highest} bytes");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_process_that_ran_out_of_file_descriptors_serves_again_when_some_are_free() {
    let release = Release::alone();
    let app = release.launch().after(r#"ulimit -n 64; exec "$0" "$@""#).start();
    let crowd: Vec<_> = (0..200).map(|_| Connection::open(app.address).unwrap()).collect();
    // The last ones wait to be taken: they are connected as far as the system is concerned.
    let mut first = crowd.into_iter().next().unwrap();
    assert_eq!(first.request("GET", "/version", &[]).unwrap().status, 200);
    drop(first);
    until("others are served", Duration::from_secs(5), || {
        Connection::open(app.address)
            .and_then(|mut it| it.request("GET", "/", &[]))
            .is_ok_and(|page| page.status == 200)
    });
    assert!(app.get("/").views().is_some());
}
