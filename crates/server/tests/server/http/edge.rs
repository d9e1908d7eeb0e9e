//! What holds for every request and every answer: hosts, headers, compression, malformed requests.

use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use super::built_in;
use crate::support::{Answer, App, Connection, Launch};

/// A path of each kind of answer, errors among them.
const ANSWERS: [(&str, &str, u16); 23] = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/1000001/", 200),
    ("GET", "/1000001", 308),
    ("GET", "/robots.txt", 200),
    ("GET", "/favicon.ico", 200),
    ("GET", "/health/live", 200),
    ("GET", "/health/ready", 200),
    ("GET", "/version", 200),
    ("GET", "/popular/", 200),
    ("GET", "/archive/", 200),
    ("GET", "/search/?q=anchor", 200),
    ("GET", "/about/", 200),
    ("GET", "/feed.xml", 200),
    ("GET", "/api/popular", 200),
    ("GET", "/api/comics/0", 404),
    ("GET", "/admin/", 303),
    ("GET", "/admin/login/", 200),
    ("GET", "/404/", 404),
    ("GET", "/nowhere", 404),
    ("GET", "/static/nothing.css", 404),
    ("POST", "/", 405),
    ("DELETE", "/nowhere", 404),
];

#[test]
fn a_page_that_is_compressed_on_its_way_is_not_held_back_by_the_network() {
    let app = built_in();
    let mut connection = Connection::open(app.address).unwrap();
    let mut took: Vec<_> = (0..50)
        .map(|_| {
            let began = Instant::now();
            let answer = connection.request("GET", "/nowhere", &[("Accept-Encoding", "gzip")]).unwrap();
            assert_eq!(answer.header("content-encoding"), Some("gzip"));
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    // Who waits for the word that a first part has arrived waits 40 ms.
    assert!(took[25] < Duration::from_millis(20), "{took:?}");
}

#[test]
fn every_answer_tells_browsers_to_be_strict() {
    let app = built_in();
    for (method, path, status) in ANSWERS {
        let answer = app.request(method, path, &[]);
        assert_eq!(answer.status, status, "{method} {path}");
        answer.assert_strict(path);
        assert_eq!(answer.header("strict-transport-security"), None, "{path}: there is no TLS");
    }
    app.request("GET", "/", &[("Host", "evil.example")]).assert_strict("a foreign host");
    app.request("GET", "/", &[("Sec-Purpose", "prefetch")]).assert_strict("a prefetch");
}

#[test]
fn behind_https_every_answer_asks_to_stay_there() {
    let app = Launch::development().set("XKCDAPP_PUBLIC_URL", "https://xkcd.example.org").start();
    for (method, path, _) in ANSWERS {
        let answer = app.request(method, path, &[]);
        assert!(answer.header("strict-transport-security").is_some(), "{method} {path}");
    }
    let page = app.get("/1000001/").text();
    assert!(page.contains(r#"<link rel="canonical" href="https://xkcd.example.org/1000001/">"#), "{page}");
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    let app = built_in();
    let ids: Vec<_> = ANSWERS.map(|(method, path, _)| id(&app.request(method, path, &[]))).into();
    assert!(ids.iter().all(|id| id.len() == 16), "{ids:?}");
    let mut distinct = ids.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len());
    let given = app.request("GET", "/", &[("X-Request-Id", "0123456789abcdef")]);
    assert_ne!(id(&given), "0123456789abcdef", "a client names no request");
}

#[test]
fn other_hosts_are_refused_and_not_repeated() {
    let app = built_in();
    for host in
        ["evil.example", "localhost.evil.example", "evil.example:80", "", "localhost@evil.example", "[::1"]
    {
        let answer = app.request("GET", "/", &[("Host", host)]);
        assert_eq!(answer.status, 400, "{host}");
        assert_eq!(answer.header("connection"), Some("close"), "{host}");
        assert!(!answer.text().contains("evil"), "{}", answer.text());
        assert_eq!(answer.header("set-cookie"), None);
    }
    for host in ["localhost", "LOCALHOST:1234", "127.0.0.1:80", "127.1.2.3", "[::1]:8000"] {
        assert_eq!(app.request("GET", "/", &[("Host", host)]).status, 200, "{host}");
    }
}

#[test]
fn a_request_names_one_host() {
    let app = built_in();
    assert_eq!(raw(&app, "GET / HTTP/1.1\r\n\r\n").status, 400);
    assert_eq!(raw(&app, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n").status, 400);
    assert_eq!(raw(&app, "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400);
    assert_eq!(raw(&app, "GET http://localhost/1000001/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
}

#[test]
fn health_is_told_to_whoever_asks_under_any_name() {
    let app = built_in();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(app.request("GET", path, &[("Host", "10.0.3.17:8000")]).status, 200);
        assert_eq!(raw(&app, &format!("GET {path} HTTP/1.0\r\n\r\n")).status, 200);
    }
    for path in ["/", "/version", "/healthy", "/health"] {
        assert_eq!(app.request("GET", path, &[("Host", "10.0.3.17:8000")]).status, 400, "{path}");
    }
}

#[test]
fn listed_hosts_are_the_only_ones() {
    let app = Launch::development().set("XKCDAPP_ALLOWED_HOSTS", "a.example,b.example").start();
    for (host, status) in [("a.example", 200), ("B.example:444", 200), ("localhost", 400), ("127.0.0.1", 400)]
    {
        assert_eq!(app.request("GET", "/", &[("Host", host)]).status, status, "{host}");
    }
}

#[test]
fn pages_are_compressed_for_those_who_take_it() {
    let app = built_in();
    let plain = app.request("GET", "/1000001/", &[]);
    assert_eq!(plain.header("content-encoding"), None);
    let gzip = app.request("GET", "/1000001/", &[("Accept-Encoding", "gzip, deflate, br, zstd")]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert!(gzip.header("vary").unwrap().eq_ignore_ascii_case("accept-encoding"));
    assert!(gzip.body.len() * 3 < plain.body.len() * 2, "{} of {}", gzip.body.len(), plain.body.len());
    assert!(unzipped(&gzip).contains("<h1>#1000001 | "));
    for (accepted, encoding) in [
        ("br", None),
        ("deflate", None),
        ("gzip;q=0", None),
        ("identity", None),
        ("", None),
        ("br, gzip;q=0.5", Some("gzip")),
    ] {
        let answer = app.request("GET", "/1000001/", &[("Accept-Encoding", accepted)]);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, encoding), "{accepted:?}");
    }
}

#[test]
fn pages_of_errors_are_compressed_as_well() {
    let app = built_in();
    for (method, path, headers, status) in [
        ("GET", "/nowhere", &[][..], 404),
        ("POST", "/", &[], 405),
        ("GET", "/", &[("Host", "evil.example")], 400),
        ("GET", "/api/comics/0", &[], 404),
    ] {
        let headers: Vec<_> = headers.iter().copied().chain([("Accept-Encoding", "gzip")]).collect();
        let answer = app.request(method, path, &headers);
        assert_eq!((answer.status, answer.header("content-encoding")), (status, Some("gzip")), "{path}");
        assert!(unzipped(&answer).contains(&id(&answer)), "{path}");
        answer.assert_strict(path);
    }
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let app = built_in();
    let mut connection = Connection::open(app.address).unwrap();
    for (method, path, status) in ANSWERS {
        assert_eq!(connection.request(method, path, &[]).unwrap().status, status, "{method} {path}");
    }
}

#[test]
fn what_is_no_http_is_refused_and_the_connection_closed() {
    let app = built_in();
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-A: b\r\n".repeat(20_000));
    let malformed = [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        &long,
        &many,
    ];
    for request in malformed {
        let shown: String = request.chars().take(100).collect();
        let mut connection = Connection::open(app.address).unwrap();
        // It may be refused before all of it was sent.
        connection.send(request.as_bytes()).ok();
        let Ok(answer) = connection.answer(false) else { continue };
        assert!((400..500).contains(&answer.status), "{}: {shown:?}", answer.status);
        assert!(connection.is_at_its_end(Duration::from_secs(1)), "a second answer to {shown:?}");
    }
    assert_eq!(app.get("/").status, 200);
}

#[test]
fn a_client_that_speaks_no_http_does_not_ring_the_operators_alarm() {
    let app = built_in();
    let refused = raw(&app, "nonsense\r\n\r\n");
    assert_eq!(refused.status, 400);
    // What is written later is there: so is whatever was written before.
    app.get("/nowhere");
    app.logged("the later request", |line| line["http.status"] == 404);
    let errors: Vec<_> = app.log().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn who_takes_an_answer_in_no_form_that_there_is_gets_it_as_it_is() {
    let app = built_in();
    for accepted in ["identity;q=0", "*;q=0"] {
        for path in ["/1000001/", "/health/live"] {
            let answer = app.request("GET", path, &[("Accept-Encoding", accepted)]);
            assert_eq!(answer.status, 200, "{path}");
            answer.assert_strict(path);
            assert_eq!(id(&answer).len(), 16);
        }
    }
}

fn id(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap().to_owned()
}

fn raw(app: &App, request: &str) -> Answer {
    let mut connection = Connection::open(app.address).unwrap();
    connection.send(request.as_bytes()).unwrap();
    connection.answer(false).unwrap()
}

pub(super) fn unzipped(answer: &Answer) -> String {
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    text
}
