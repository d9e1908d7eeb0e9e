//! Connections that break or fall silent in the middle, which a real server does not do on demand.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use xkcd_adapters_redis::{RedisConfig, RedisSessionStore, RedisSignInThrottle, RedisTls};
use xkcd_domain::ports::session_store::SessionStore;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};

use crate::fixtures::{random_key, store};
use crate::redis_server::RedisServer;

type Command = Vec<String>;

/// What a connection does instead of answering a command of the adapters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    HangsUp,
    FallsSilent,
    /// It does answer one.
    FallsSilentAfterwards,
}

/// Something that answers like Redis, but for its first connections. Remembers the adapters' commands.
fn faulty(connections: usize, fault: Fault) -> (RedisConfig, Arc<Mutex<Vec<Command>>>) {
    let received = Arc::<Mutex<Vec<Command>>>::default();
    let commands = Arc::clone(&received);
    let config = listen(move |number, connection| {
        let fault = (number < connections).then_some(fault);
        serve(connection, fault, &commands)
    });
    (config, received)
}

/// Serves each connection, numbered from zero, on a thread of its own, until the client leaves.
fn listen(serve: impl Fn(usize, TcpStream) -> io::Result<()> + Send + Sync + 'static) -> RedisConfig {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(number, connection?));
        }
    });
    RedisConfig::new("127.0.0.1", port, RedisTls::Disabled)
}

fn serve(connection: TcpStream, fault: Option<Fault>, received: &Mutex<Vec<Command>>) -> io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(connection.try_clone()?), connection);
    let mut is_silent = false;
    loop {
        let command = read_command(&mut reader)?;
        let answer = match command[0].as_str() {
            "PING" => {
                command.get(1).map_or("+PONG\r\n".to_owned(), |it| format!("${}\r\n{it}\r\n", it.len()))
            }
            name @ ("GET" | "EVALSHA") => {
                let answer = if name == "GET" { "$-1\r\n" } else { ":0\r\n" };
                received.lock().unwrap().push(command);
                if fault == Some(Fault::HangsUp) {
                    return Ok(());
                }
                is_silent |= fault == Some(Fault::FallsSilent);
                answer.to_owned()
            }
            _ => "+OK\r\n".to_owned(),
        };
        if !is_silent {
            writer.write_all(answer.as_bytes())?;
        }
        is_silent |= fault == Some(Fault::FallsSilentAfterwards) && answer.starts_with("$-1");
    }
}

/// `*2`, then `$3`, `GET`, `$1`, `a`, each on a line.
fn read_command(reader: &mut impl BufRead) -> io::Result<Command> {
    let length = read_length(reader)?;
    (0..length)
        .map(|_| {
            let mut word = vec![0; read_length(reader)? + 2];
            reader.read_exact(&mut word)?;
            Ok(String::from_utf8_lossy(&word).trim_end().to_owned())
        })
        .collect()
}

fn read_length(reader: &mut impl BufRead) -> io::Result<usize> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.trim_end().get(1..).and_then(|length| length.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof.into())
}

fn an_attempt() -> SignInAttempt {
    SignInAttempt::new("randall", [192, 0, 2, 1].into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_connection_breaks_is_sent_again_once() {
    let (config, received) = faulty(1, Fault::HangsUp);
    let sessions = RedisSessionStore::new(store(config));

    assert_eq!(sessions.load(&random_key()).await.unwrap(), None);
    assert_eq!(received.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_not_sent_a_third_time() {
    let (config, received) = faulty(2, Fault::HangsUp);
    let sessions = RedisSessionStore::new(store(config));

    sessions.load(&random_key()).await.unwrap_err();

    assert_eq!(received.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_fell_silent_while_idle_is_not_noticed_by_a_call() {
    let (config, received) = faulty(1, Fault::FallsSilentAfterwards);
    let sessions = RedisSessionStore::new(store(config));

    for _ in 0..2 {
        assert_eq!(sessions.load(&random_key()).await.unwrap(), None);
    }
    assert_eq!(received.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fall_silent_are_given_up_in_time_and_not_used_again() {
    let (config, _) = faulty(4, Fault::FallsSilent);
    let sessions = RedisSessionStore::new(store(config));

    let key = random_key();
    let began = Instant::now();
    for outcome in join_all((0..4).map(|_| sessions.load(&key))).await {
        outcome.unwrap_err();
    }
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());

    assert_eq!(sessions.load(&key).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_is_sent_again_is_the_same_and_another_is_not() {
    let (config, received) = faulty(1, Fault::HangsUp);
    let throttle = RedisSignInThrottle::new(store(config));

    for _ in 0..2 {
        assert_eq!(throttle.attempt(&an_attempt()).await.unwrap(), SignInVerdict::Allowed);
    }

    let received = received.lock().unwrap();
    let [first, again, other] = &received[..] else { panic!("{received:?}") };
    assert_eq!(first, again);
    assert_ne!(first, other);
}

/// Lies before a server, and hangs up when the answer to the first script has come.
fn losing_the_first_answer(server: &RedisServer) -> RedisConfig {
    let port = server.port;
    listen(move |number, mut client| {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
        let mut chunk = [0; 4_096];
        loop {
            let length = client.read(&mut chunk)?;
            server.write_all(&chunk[..length])?;
            let is_script = chunk[..length].windows(7).any(|word| word == b"EVALSHA");
            // What the adapter sends at once is answered at once.
            let length = answers.read(&mut chunk)?;
            if length == 0 || (number == 0 && is_script) {
                return Ok(());
            }
            back.write_all(&chunk[..length])?;
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/test"]
async fn an_attempt_whose_answer_was_lost_is_counted_once_and_allowed() {
    let server = RedisServer::start_plain();
    let direct =
        RedisSignInThrottle::new(store(RedisConfig::new("127.0.0.1", server.port, RedisTls::Disabled)));
    for _ in 1..SIGN_IN_LIMITS.per_name_and_address {
        assert_eq!(direct.attempt(&an_attempt()).await.unwrap(), SignInVerdict::Allowed);
    }

    let throttle = RedisSignInThrottle::new(store(losing_the_first_answer(&server)));

    assert_eq!(throttle.attempt(&an_attempt()).await.unwrap(), SignInVerdict::Allowed, "the last that fits");
    assert_ne!(direct.attempt(&an_attempt()).await.unwrap(), SignInVerdict::Allowed);
}
