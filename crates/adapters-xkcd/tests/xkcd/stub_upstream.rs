//! An upstream on loopback that does to each path what a test says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What is done to one connection after its request was read.
pub(crate) type Script = Arc<dyn Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync>;

/// How it behaves as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Answers,
    Fails,
    /// Requests wait until it answers.
    Holds,
}

/// Has comics 1 to `newest`, without 404, unless a path is scripted.
pub(crate) struct StubUpstream {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    newest: u32,
    mode: Mutex<Mode>,
    mode_changed: Condvar,
    scripts: Mutex<HashMap<String, Script>>,
    requests: Mutex<Vec<String>>,
}

impl StubUpstream {
    pub(crate) fn start(newest: u32) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            newest,
            mode: Mutex::new(Mode::Answers),
            mode_changed: Condvar::new(),
            scripts: Mutex::default(),
            requests: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&serving);
                // A client that has gone away ends the connection, which is what some tests are about.
                thread::spawn(move || state.serve(stream).ok());
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        *self.state.mode.lock().unwrap() = mode;
        self.state.mode_changed.notify_all();
    }

    /// From now on the document of `number` (`None`: the newest) is answered by `script`.
    pub(crate) fn script(&self, number: Option<u32>, script: Script) {
        self.state.scripts.lock().unwrap().insert(path(number), script);
    }

    /// How often a document was requested.
    pub(crate) fn requests(&self, number: Option<u32>) -> usize {
        let path = path(number);
        self.state.requests.lock().unwrap().iter().filter(|it| **it == path).count()
    }

    /// How often any document of a number was requested.
    pub(crate) fn requests_by_number(&self) -> usize {
        self.state.requests.lock().unwrap().iter().filter(|it| **it != path(None)).count()
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some(path) = requested_path(&stream)? else { return Ok(()) };
        self.requests.lock().unwrap().push(path.clone());
        let held = self.mode.lock().unwrap();
        let mode = *self.mode_changed.wait_while(held, |it| *it == Mode::Holds).unwrap();
        let script = self.scripts.lock().unwrap().get(&path).cloned();
        match (mode, script) {
            (Mode::Answers, Some(script)) => script(&mut stream),
            (Mode::Answers, None) => self.answer(&path, &mut stream),
            _ => stream.write_all(&response(503, "text/html", b"<html>Guru Meditation</html>")),
        }
    }

    fn answer(&self, path: &str, stream: &mut TcpStream) -> std::io::Result<()> {
        let number = match path {
            "/info.0.json" => Some(self.newest),
            _ => path.strip_prefix('/').and_then(|it| it.strip_suffix("/info.0.json")?.parse().ok()),
        };
        match number.filter(|it| (1..=self.newest).contains(it) && *it != 404) {
            Some(number) => stream.write_all(&response(200, "application/json", &document(number))),
            None => stream.write_all(&response(404, "text/html", b"<html>404 Not Found</html>")),
        }
    }
}

fn path(number: Option<u32>) -> String {
    number.map_or_else(|| "/info.0.json".to_owned(), |it| format!("/{it}/info.0.json"))
}

/// Reads a request's head; `None` when the client sent none.
fn requested_path(stream: &TcpStream) -> std::io::Result<Option<String>> {
    let mut head = BufReader::new(stream).take(16_384).lines();
    let Some(first) = head.next().transpose()? else { return Ok(None) };
    for line in head {
        if line?.is_empty() {
            break;
        }
    }
    Ok(first.split(' ').nth(1).map(str::to_owned))
}

/// A document in the shape of xkcd's.
pub(crate) fn document(number: u32) -> Vec<u8> {
    titled_document(number, &format!("Title {number}"))
}

pub(crate) fn titled_document(number: u32, title: &str) -> Vec<u8> {
    format!(
        r#"{{"month": "4", "num": {number}, "link": "", "year": "2008", "news": "", "safe_title": "{title}",
            "transcript": "", "alt": "Caption {number}", "title": "{title}", "day": "1",
            "img": "https://imgs.xkcd.com/comics/{number}.png"}}"#
    )
    .into_bytes()
}

/// A whole answer.
pub(crate) fn response(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut response = head(status, &format!("Content-Type: {kind}\r\nContent-Length: {}", body.len()));
    response.extend_from_slice(body);
    response
}

pub(crate) fn head(status: u16, fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n{fields}\r\n\r\n").into_bytes()
}

/// Sends these bytes.
pub(crate) fn sends(bytes: Vec<u8>) -> Script {
    Arc::new(move |stream| stream.write_all(&bytes))
}

/// Sends a head, then `part` again and again, `pause` apart, for as long as the client listens or a minute.
pub(crate) fn repeats(head: Vec<u8>, part: Vec<u8>, pause: Duration) -> Script {
    Arc::new(move |stream| {
        let started = Instant::now();
        stream.write_all(&head)?;
        while started.elapsed() < Duration::from_mins(1) {
            stream.write_all(&part)?;
            thread::sleep(pause);
        }
        Ok(())
    })
}

/// Says nothing and waits for the client to go.
pub(crate) fn silent() -> Script {
    Arc::new(|stream| stream.read(&mut [0]).map(|_| ()))
}

/// The first requests are answered by `first`, one each; all later ones with `then`.
pub(crate) fn in_turn(first: Vec<Script>, then: Script) -> Script {
    let left = Mutex::new(first.into_iter());
    Arc::new(move |stream| {
        let next = left.lock().unwrap().next();
        next.unwrap_or_else(|| Arc::clone(&then))(stream)
    })
}
