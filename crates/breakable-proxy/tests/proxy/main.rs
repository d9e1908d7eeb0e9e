//! Each order, seen from both ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails a test")]

mod ends;

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use ends::{Client, EchoServer, LONG};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use xkcd_breakable_proxy::{AnswerCuts, BreakableProxy, Counters, Direction, Mode};

const DELAY: Duration = Duration::from_millis(100);

async fn start() -> (EchoServer, BreakableProxy) {
    let server = EchoServer::start().await;
    let proxy = BreakableProxy::start(server.address()).unwrap();
    (server, proxy)
}

async fn until(proxy: &BreakableProxy, wanted: impl FnMut(&Counters) -> bool) -> Counters {
    timeout(LONG, proxy.until(wanted)).await.expect("it never happened")
}

#[tokio::test]
async fn bytes_and_their_end_go_both_ways() {
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;

    client.ask(b"one").await.unwrap();
    client.ask(b"two").await.unwrap();
    client.end().await;

    assert_eq!(client.rest().await.unwrap(), b"bye", "the server could answer after the client's end");
    assert_eq!(server.received(), b"onetwo");
    let counters = until(&proxy, |it| it.open == 0).await;
    assert_eq!((counters.connections, counters.cuts, counters.answers), (1, 0, 2));
}

#[tokio::test]
async fn while_it_refuses_nobody_listens_and_connections_go_on() {
    let (_server, proxy) = start().await;
    let mut before = Client::connect(&proxy).await;
    before.ask(b"before").await.unwrap();

    proxy.set_mode(Mode::Refuse).unwrap();

    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    before.ask(b"still there").await.unwrap();

    proxy.set_mode(Mode::Pass).unwrap();
    Client::connect(&proxy).await.ask(b"after").await.unwrap();
}

#[tokio::test]
async fn a_port_that_refuses_is_nobody_elses() {
    let (_server, proxy) = start().await;
    proxy.set_mode(Mode::Refuse).unwrap();

    let taken = TcpListener::bind(proxy.address()).await.unwrap_err();

    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_cut_resets_both_sides_and_new_connections_pass() {
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;
    client.ask(b"before").await.unwrap();

    proxy.cut_connections().unwrap();

    assert_eq!(client.ask(b"lost").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    server.until(|it| it.resets == 1).await;
    assert_eq!(server.received(), b"before");
    Client::connect(&proxy).await.ask(b"after").await.unwrap();
    assert_eq!(until(&proxy, |it| it.cuts == 1).await.connections, 2);
}

#[tokio::test]
async fn a_cut_reaches_connections_that_were_only_just_made() {
    let (server, proxy) = start().await;
    for _ in 0..50 {
        let mut client = Client::connect(&proxy).await;
        proxy.cut_connections().unwrap();
        client.ask(b"lost").await.unwrap_err();
    }
    assert_eq!(server.received(), b"");
}

#[tokio::test]
async fn what_is_held_arrives_when_the_network_is_back() {
    let (server, proxy) = start().await;
    let mut before = Client::connect(&proxy).await;
    before.ask(b"before").await.unwrap();

    proxy.set_mode(Mode::Hold).unwrap();
    before.send(b", held").await;
    let mut during = Client::connect(&proxy).await;
    until(&proxy, |it| it.held == 2).await;
    assert_eq!(server.received(), b"before");
    assert_eq!(server.connections(), 1);

    proxy.set_mode(Mode::Pass).unwrap();
    assert_eq!(before.receive(6).await.unwrap(), b", held");
    during.ask(b", new").await.unwrap();
    assert_eq!(server.received(), b"before, held, new");
    assert_eq!(proxy.counters().held, 0);
}

#[tokio::test]
async fn an_end_is_held_as_well() {
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;
    client.ask(b"before").await.unwrap();

    proxy.set_mode(Mode::Hold).unwrap();
    client.end().await;
    until(&proxy, |it| it.held == 1).await;
    assert_eq!(server.ends(), 0);

    proxy.set_mode(Mode::Pass).unwrap();
    server.until(|it| it.ends == 1).await;
}

#[tokio::test]
async fn what_is_held_is_lost_when_its_connection_is_cut() {
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;
    client.ask(b"before").await.unwrap();

    proxy.set_mode(Mode::Hold).unwrap();
    client.send(b"lost").await;
    until(&proxy, |it| it.held == 1).await;
    proxy.cut_connections().unwrap();
    proxy.set_mode(Mode::Pass).unwrap();

    server.until(|it| it.resets == 1).await;
    assert_eq!(server.received(), b"before");
}

#[tokio::test]
async fn a_delay_is_one_of_its_direction() {
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;
    client.ask(b"before").await.unwrap();

    proxy.set_delay(Direction::ToServer, DELAY);
    let asked = Instant::now();
    client.send(b", slow").await;
    server.until(|it| it.received.ends_with(b"slow")).await;
    assert!(asked.elapsed() >= DELAY);
    client.receive(6).await.unwrap();

    proxy.set_delay(Direction::ToServer, Duration::ZERO);
    proxy.set_delay(Direction::ToClient, Duration::from_hours(1));
    client.send(b", unanswered").await;
    server.until(|it| it.received.ends_with(b"unanswered")).await;
}

#[tokio::test]
async fn a_rate_limits_one_direction() {
    const SIZE: usize = 64 * 1024;
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;
    proxy.set_bytes_per_second(Direction::ToServer, NonZeroU64::new(256 * 1024));

    let began = Instant::now();
    client.send(&vec![7; SIZE]).await;
    server.until(|it| it.received.len() == SIZE).await;

    // A quarter of a second, less the last chunk's twentieth.
    assert!(began.elapsed() >= Duration::from_millis(190), "{:?}", began.elapsed());
    assert_eq!(client.receive(SIZE).await.unwrap(), vec![7; SIZE]);

    proxy.set_bytes_per_second(Direction::ToServer, None);
    proxy.set_bytes_per_second(Direction::ToClient, NonZeroU64::new(1));
    client.send(&vec![7; SIZE]).await;
    server.until(|it| it.received.len() == 2 * SIZE).await;
}

#[tokio::test]
async fn the_next_answers_are_cut_after_the_server_was_asked() {
    let (server, proxy) = start().await;
    proxy.cut_answers(AnswerCuts::Next { count: 2, spared: 1 });

    for _ in 0..2 {
        let mut client = Client::connect(&proxy).await;
        client.ask(b"spared ").await.unwrap();
        assert_eq!(client.ask(b"cut ").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    let mut client = Client::connect(&proxy).await;
    client.ask(b"spared ").await.unwrap();
    client.ask(b"answered").await.unwrap();

    assert_eq!(server.received(), b"spared cut spared cut spared answered");
    let counters = until(&proxy, |it| it.cuts == 2).await;
    assert_eq!((counters.answers, counters.answers_cut), (6, 2));
}

/// Which of 100 answers, each on a connection of its own unless the last one got through, were cut.
async fn cut_of_a_hundred(seed: u64) -> Vec<usize> {
    let (server, proxy) = start().await;
    proxy.cut_answers(AnswerCuts::Fraction { probability: 0.25, seed, spared: 0 });
    let mut client = Client::connect(&proxy).await;
    let mut cut = Vec::new();
    for number in 0..100 {
        if client.ask(b"?").await.is_err() {
            cut.push(number);
            client = Client::connect(&proxy).await;
        }
    }
    assert_eq!(server.received().len(), 100, "the server was asked each time");
    cut
}

#[tokio::test]
async fn a_seed_determines_which_part_of_the_answers_is_cut() {
    let first = cut_of_a_hundred(1).await;

    assert!((10..=40).contains(&first.len()), "{first:?}");
    assert_eq!(first, cut_of_a_hundred(1).await);
    assert_ne!(first, cut_of_a_hundred(2).await);
}

#[tokio::test]
async fn a_direction_that_is_closed_leaves_the_other_open() {
    let (server, proxy) = start().await;

    let mut unanswered = Client::connect(&proxy).await;
    unanswered.ask(b"one").await.unwrap();
    proxy.half_close_connections(Direction::ToClient);
    assert_eq!(unanswered.rest().await.unwrap(), b"");
    unanswered.send(b"two").await;
    server.until(|it| it.received == b"onetwo").await;

    let mut unheard = Client::connect(&proxy).await;
    unheard.ask(b"three").await.unwrap();
    proxy.half_close_connections(Direction::ToServer);
    assert_eq!(unheard.rest().await.unwrap(), b"bye");
}

#[tokio::test]
async fn a_server_that_is_down_resets_what_the_proxy_accepted() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let proxy = BreakableProxy::start(nobody).unwrap();

    let mut client = Client::connect(&proxy).await;

    client.ask(b"?").await.unwrap_err();
    assert_eq!(until(&proxy, |it| it.open == 0).await.cuts, 0);
}

#[tokio::test]
async fn dropping_the_proxy_ends_its_connections() {
    let (server, proxy) = start().await;
    let mut client = Client::connect(&proxy).await;
    client.ask(b"before").await.unwrap();
    let address = proxy.address();

    drop(proxy);

    assert!(client.rest().await.is_ok_and(|it| it.is_empty()));
    server.until(|it| it.ends + it.resets == 1).await;
    assert!(TcpStream::connect(address).await.is_err());
}
