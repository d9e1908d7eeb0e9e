//! Clients that take their time: to send a head, to send a body, to read an answer.

use std::time::{Duration, Instant};

use super::Siege;
use crate::support::{Connection, eventually, until};

/// How many are slow to send, of each kind.
const CLIENTS: usize = 100;
const READERS: usize = 5;
/// Each request that waits behind an answer that nobody reads takes some kilobytes.
const MEMORY: u64 = 80 << 20;
const EVERY: Duration = Duration::from_millis(250);
/// A first request that is answered, and the beginning of another.
const ONE_AND_A_HALF: &[u8] =
    b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\nX-A: ";
/// Bodies that nobody reads: their length is not said, and they do not end.
const UNREAD: [&[u8]; 2] = [
    b"GET /about/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n",
];

#[test]
#[ignore = "needs the release build: scripts/test"]
fn who_sends_a_byte_at_a_time_is_sent_away_and_so_is_who_does_not_read() {
    let siege = Siege::of(|launch| launch, MEMORY);
    let nobody = siege.open_files();
    let open = |count| (0..count).map(|_| Connection::open(siege.app.address).unwrap()).collect::<Vec<_>>();
    let (mut heads, mut bodies, mut readers) = (open(CLIENTS), open(CLIENTS), open(READERS));
    for head in &mut heads {
        head.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ").unwrap();
    }
    for body in &mut bodies {
        body.send(
            b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\n\
              Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n",
        )
        .unwrap();
    }
    let mut late = open(3 * CLIENTS);
    let beginnings = [&[ONE_AND_A_HALF][..], &UNREAD].concat();
    for (connection, beginning) in late.iter_mut().zip(beginnings.iter().cycle()) {
        connection.send(beginning).unwrap();
    }
    // Together more than the system keeps for a connection.
    let page = siege.app.get("/1000001/").text();
    let file = page.split('"').find(|it| it.starts_with("/static/") && it.contains(".css")).unwrap();
    let files = format!("GET {file} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(1_000);
    let began = Instant::now();
    for reader in &mut readers {
        reader.send(files.as_bytes()).unwrap();
    }
    let mut sent_away = |what: &str, slow: &mut Vec<Connection>, at_most: Duration| {
        let began = Instant::now();
        let mut last = Instant::now();
        eventually(what, at_most, || {
            if last.elapsed() > EVERY {
                last = Instant::now();
                for connection in slow.iter_mut().chain(&mut late) {
                    drop(connection.send(b"a"));
                }
            }
            slow[CLIENTS - 1].is_closed().then(|| began.elapsed())
        })
    };
    let heads_took = sent_away("slow heads are sent away", &mut heads, Duration::from_secs(12));
    let bodies_took = sent_away("slow bodies are sent away", &mut bodies, Duration::from_secs(15));
    until("all are sent away", Duration::from_secs(5), || {
        heads.iter_mut().chain(&mut bodies).all(Connection::is_closed)
    });
    println!("heads were sent away after {heads_took:?}, bodies {bodies_took:?} later");
    let mut last = Instant::now();
    until("those who were answered once are sent away as well", Duration::from_secs(35), || {
        if last.elapsed() > EVERY {
            last = Instant::now();
            for connection in &mut late {
                drop(connection.send(b"a"));
            }
        }
        late[3 * CLIENTS - 1].is_closed()
    });
    until("all of them", Duration::from_secs(5), || late.iter_mut().all(Connection::is_closed));
    println!("who was answered once was sent away {:?} after the beginning", began.elapsed());
    // To look at a connection would be to read: who is left is counted at the other end.
    drop((heads, bodies, late));
    until("readers who do not read are sent away", Duration::from_secs(30), || {
        siege.open_files() <= nobody + 1
    });
    println!("and who does not read {:?} after the beginning", began.elapsed());
    drop(readers);
    siege.lift();
}
