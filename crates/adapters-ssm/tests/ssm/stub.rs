//! As much of Parameter Store as the provider asks for, over HTTP on loopback.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// How the next requests are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Answers,
    /// Refuses with this status and code.
    Refuses(u16, &'static str),
    /// The same, so many times.
    RefusesAtFirst(u16, &'static str, usize),
    /// Keeps the connection open and says nothing.
    Hangs,
    /// Says something else, with a parameter's value in it.
    Babbles,
    /// Hangs up in the middle of an answer.
    HangsUp,
}

/// What it holds: parameters by their full names, each with its type and value.
#[derive(Default)]
struct State {
    parameters: BTreeMap<String, (&'static str, String)>,
    mode: Option<Mode>,
    requests: Vec<Value>,
    hanging: Vec<TcpStream>,
}

/// Ends with its last clone.
#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    _alive: Sender<()>,
}

impl Stub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (alive, ended) = channel::<()>();
        let state = Arc::<Mutex<State>>::default();
        let weak = Arc::downgrade(&state);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let Some(state) = weak.upgrade() else { return };
                // A client that gives up is fine.
                thread::spawn(move || serve(connection?, &state));
            }
        });
        thread::spawn(move || {
            // Nobody sends: this ends when the last stub is dropped. One more visitor lets the listener see it.
            let _ = ended.recv();
            let _ = TcpStream::connect(address);
        });
        Self { address, state, _alive: alive }
    }

    pub(crate) fn put(&self, name: &str, kind: &'static str, value: &str) {
        self.state.lock().unwrap().parameters.insert(name.to_owned(), (kind, value.to_owned()));
    }

    /// Changes the value of what is there.
    pub(crate) fn rotate(&self, name: &str, value: String) {
        self.state.lock().unwrap().parameters.get_mut(name).expect("it is there").1 = value;
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        self.state.lock().unwrap().mode = Some(mode);
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn serve(connection: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let request = read_request(&mut reader)?;
    let mut state = state.lock().unwrap();
    state.requests.push(request.clone());
    let asked = state.requests.len();
    let (status, body) = match state.mode.unwrap_or(Mode::Answers) {
        Mode::Refuses(status, code) => (status, refusal(code)),
        Mode::RefusesAtFirst(status, code, times) if asked <= times => (status, refusal(code)),
        Mode::Answers | Mode::RefusesAtFirst(..) => (200, page(&state.parameters, &request)),
        Mode::Babbles => (200, babble(&state.parameters)),
        Mode::Hangs => {
            state.hanging.push(connection);
            return Ok(());
        }
        Mode::HangsUp => {
            let body = page(&state.parameters, &request);
            return send(connection, 200, &body, body.len() / 2);
        }
    };
    send(connection, status, &body, body.len())
}

fn send(mut connection: TcpStream, status: u16, body: &str, sent: usize) -> io::Result<()> {
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status} \r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{}",
        &body[..sent]
    )
}

/// Reads a request of the right kind.
fn read_request(reader: &mut impl BufRead) -> io::Result<Value> {
    let (mut length, mut target) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => value.clone_into(&mut target),
            _ => {}
        }
    }
    assert_eq!(target, "AmazonSSM.GetParametersByPath");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

/// The parameters under the path, from where the token points to.
fn page(parameters: &BTreeMap<String, (&'static str, String)>, request: &Value) -> String {
    let start = request["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
    let size = usize::try_from(request["MaxResults"].as_u64().unwrap()).unwrap();
    let path = format!("{}/", request["Path"].as_str().unwrap());
    let found: Vec<_> = parameters
        .iter()
        .filter(|(name, _)| name.strip_prefix(&path).is_some_and(|rest| !rest.contains('/')))
        .map(|(name, (kind, value))| json!({ "Name": name, "Type": kind, "Value": value }))
        .collect();
    let end = (start + size).min(found.len());
    let mut answer = json!({ "Parameters": found[start..end] });
    if end < found.len() {
        answer["NextToken"] = end.to_string().into();
    }
    answer.to_string()
}

fn babble(parameters: &BTreeMap<String, (&'static str, String)>) -> String {
    let values: Vec<_> = parameters.values().map(|(_, value)| value.as_str()).collect();
    format!("{{\"Parameters\": [{{\"Name\": \"x\", \"Value\": {} ", values.join(" "))
}

fn refusal(code: &str) -> String {
    json!({ "__type": code, "message": format!("this is why: {code}") }).to_string()
}
