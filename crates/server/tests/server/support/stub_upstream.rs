use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What stands for xkcd.com: answers each request as a test says, on a connection of its own.
pub(crate) struct StubUpstream {
    address: SocketAddr,
    paths: Arc<Mutex<Vec<String>>>,
}

impl StubUpstream {
    /// `answer` is given the path of each request.
    pub(crate) fn answering(
        answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let paths = Arc::new(Mutex::new(Vec::new()));
        let (answer, asked) = (Arc::new(answer), Arc::clone(&paths));
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
                thread::spawn(move || -> io::Result<()> {
                    let path = read_path(&stream)?;
                    asked.lock().unwrap().push(path.clone());
                    // An app that has gone away ends the connection.
                    answer(&path, &mut stream)
                });
            }
        });
        Self { address, paths }
    }

    /// Has comics 1 to `newest`, without 404.
    pub(crate) fn of_comics(newest: u32) -> Self {
        Self::answering(move |path, stream| answer_with_comics(newest, path, stream, document))
    }

    /// The same up to 3,200, with documents among them that the test wrote.
    pub(crate) fn with_documents(written: Vec<Value>) -> Self {
        const NEWEST: u32 = 3_200;
        Self::answering(move |path, stream| {
            answer_with_comics(NEWEST, path, stream, |number| {
                let found = written.iter().find(|it| it["num"] == number);
                found.cloned().unwrap_or_else(|| document(number))
            })
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths that were asked for.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

fn answer_with_comics(
    newest: u32,
    path: &str,
    stream: &mut TcpStream,
    of_number: impl Fn(u32) -> Value,
) -> io::Result<()> {
    let number = match path {
        "/info.0.json" => Some(newest),
        _ => path.strip_prefix('/').and_then(|it| it.strip_suffix("/info.0.json")?.parse().ok()),
    };
    match number.filter(|number| (1..=newest).contains(number) && *number != 404) {
        Some(number) => respond_json(stream, &of_number(number)),
        None => respond(stream, "404 Not Found", "text/html", b"<html>404 Not Found</html>"),
    }
}

fn read_path(stream: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream).take(16_384).lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    Ok(first.split(' ').nth(1).unwrap_or_default().to_owned())
}

/// A small document in the shape of xkcd's.
pub(crate) fn document(number: u32) -> Value {
    json!({
        "num": number, "title": format!("Title {number}"), "safe_title": format!("Title {number}"),
        "img": format!("https://imgs.xkcd.com/comics/comic_{number}.png"), "alt": format!("Caption {number}"),
        "transcript": "", "link": "", "news": "", "year": "2008", "month": "4", "day": "1",
    })
}

pub(crate) fn respond_json(stream: &mut TcpStream, document: &Value) -> io::Result<()> {
    respond(stream, "200 OK", "application/json", document.to_string().as_bytes())
}

/// Sends a whole answer.
pub(crate) fn respond(stream: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)
}
