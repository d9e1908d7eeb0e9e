//! An xkcd.com that is slow, broken, huge or hostile: visitors get a page in time, memory stays bounded.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Release;
use crate::support::{Database, StubUpstream, Tally, document, respond, respond_json, until};

/// What a page may take.
const PAGE_TIME: Duration = Duration::from_secs(2);
/// What the process may hold at any time.
const MEMORY: u64 = 64 << 20;

/// Asks for pages, eight visitors at once, while the upstream answers so.
#[track_caller]
fn assert_serves_over(answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static) {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let upstream = StubUpstream::answering(answer);
    let app = release.launch().data(data.path()).upstream(&upstream).start();
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let began = Instant::now();
                    let page = app.get("/");
                    assert!(began.elapsed() < PAGE_TIME, "{:?}", began.elapsed());
                    assert_eq!((page.status, page.views().is_some()), (200, true));
                    assert!(!page.text().contains("evil"), "{}", page.text());
                    tally.lock().unwrap().saw(&page);
                }
            });
        }
    });
    let mut tally = tally.into_inner().unwrap();
    let began = Instant::now();
    let by_number = app.get("/7/");
    assert!(began.elapsed() < PAGE_TIME, "{:?}", began.elapsed());
    assert!([200, 503].contains(&by_number.status), "{}", by_number.status);
    assert!(!by_number.text().contains("evil"), "{}", by_number.text());
    if by_number.status == 200 {
        tally.saw(&by_number);
    }
    let (_, highest) = app.memory();
    assert!(highest < MEMORY, "{highest} bytes");
    assert!(!upstream.paths().is_empty(), "it was not asked");
    assert_eq!(app.get("/health/live").status, 200);
    let ended = app.stop();
    assert_eq!((ended.code, ended.message().as_str()), (Some(0), ""), "{ended:?}");
    assert!(!ended.output.concat().contains("panicked"), "{ended:?}");
    tally.assert_counted(&Database::open(data.path()).views_by_comic());
}

fn newest_or(
    path: &str,
    stream: &mut TcpStream,
    other: impl Fn(&mut TcpStream) -> io::Result<()>,
) -> io::Result<()> {
    if path == "/info.0.json" { respond_json(stream, &document(3_200)) } else { other(stream) }
}

/// Says nothing for longer than anybody waits.
fn hang(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.read(&mut [0]).map(|_| ())
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_is_silent_while_the_store_is_too() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let upstream = StubUpstream::answering(|path, stream| newest_or(path, stream, hang));
    let app = release.launch().data(data.path()).upstream(&upstream).start();
    let lock = Database::lock(data.path());
    // Nobody has found out yet that neither answers: the first ones wait for both.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let began = Instant::now();
                let page = app.get("/");
                assert_eq!((page.status, page.views()), (200, None));
                assert!(began.elapsed() < PAGE_TIME, "{:?}", began.elapsed());
            });
        }
    });
    drop(lock);
    let database = Database::open(data.path());
    until("all is counted", Duration::from_secs(3), || database.views() == 8);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_is_silent_however_many_ask_for_other_comics() {
    const VISITORS: u32 = 100;
    let release = Release::alone();
    let upstream = StubUpstream::answering(|path, stream| newest_or(path, stream, hang));
    let app = release.launch().upstream(&upstream).start();
    let at_once = |path: &str| {
        let began = Instant::now();
        assert_eq!(app.get(path).status, 200, "{path}");
        assert!(began.elapsed() < Duration::from_secs(1), "{path} took {:?}", began.elapsed());
    };
    thread::scope(|scope| {
        let visitors: Vec<_> = (1..=VISITORS)
            .map(|number| {
                let app = &app;
                scope.spawn(move || {
                    let began = Instant::now();
                    let status = app.get(&format!("/{number}/")).status;
                    assert_eq!(status, if number == 404 { 404 } else { 503 });
                    assert!(began.elapsed() < PAGE_TIME, "{:?}", began.elapsed());
                })
            })
            .collect();
        while !visitors.iter().all(thread::ScopedJoinHandle::is_finished) {
            at_once("/health/live");
            at_once("/favicon.ico");
        }
    });
    let asked = upstream.paths().len();
    assert!(asked < VISITORS as usize / 2, "{asked} requests were made of it");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_is_slow() {
    assert_serves_over(|_, stream| hang(stream));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_knows_its_newest_comic_and_is_slow_with_all_others() {
    assert_serves_over(|path, stream| newest_or(path, stream, hang));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_sends_a_byte_at_a_time() {
    assert_serves_over(|path, stream| {
        newest_or(path, stream, |stream| {
            stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
            )?;
            while stream.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(200));
            }
            Ok(())
        })
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_fails() {
    assert_serves_over(|_, stream| {
        respond(stream, "500 Internal Server Error", "text/html", b"<html>evil</html>")
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_answers_with_a_page_instead_of_a_document() {
    assert_serves_over(|_, stream| {
        respond(stream, "200 OK", "text/html", b"<html><script>evil</script></html>")
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_breaks_off() {
    assert_serves_over(|path, stream| {
        newest_or(path, stream, |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"num\": 7, \"ti")
        })
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_sends_64_mib() {
    const MIB: usize = 1 << 20;
    assert_serves_over(|path, stream| {
        newest_or(path, stream, |stream| {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                64 * MIB
            )?;
            stream.write_all(b"{\"num\": 7, \"img\": \"\", \"title\": \"")?;
            let part = vec![b'a'; MIB];
            (0..64).try_for_each(|_| stream.write_all(&part))
        })
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_sends_64_mib_packed_into_few() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        gzip.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert_serves_over(move |path, stream| {
        newest_or(path, stream, |stream| {
            let length = bomb.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
            )?;
            stream.write_all(&bomb)
        })
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_leads_elsewhere_is_not_followed() {
    let elsewhere = StubUpstream::answering(|_, stream| {
        respond_json(
            stream,
            &json!({"num": 7, "title": "evil", "img": "https://imgs.xkcd.com/comics/evil.png"}),
        )
    });
    let url = elsewhere.url();
    assert_serves_over(move |path, stream| {
        write!(
            stream,
            "HTTP/1.1 301 Moved\r\nLocation: {url}{path}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
    });
    assert_eq!(elsewhere.paths(), [""; 0]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_is_hostile() {
    assert_serves_over(|path, stream| {
        let number: u32 = path.split('/').nth(1).and_then(|number| number.parse().ok()).unwrap_or(3_200);
        let markup = "</h1><script src=\"//xkcd.example/a.js\">alert(1)</script><img src=x onerror=alert(1)>";
        let mut hostile = document(number);
        for key in ["title", "safe_title", "alt", "news", "transcript"] {
            hostile[key] = json!(markup);
        }
        hostile["img"] = json!("javascript:evil()//.png");
        hostile["link"] = json!("javascript:evil()");
        hostile["extra_parts"] = json!({"pre": "<script>evil()</script>"});
        respond_json(stream, &hostile)
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn one_that_answers_with_another_comic() {
    assert_serves_over(|path, stream| {
        newest_or(path, stream, |stream| {
            let mut other = document(1);
            other["title"] = json!("evil");
            other["num"] = json!(9_999);
            respond_json(stream, &other)
        })
    });
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn no_markup_of_a_document_becomes_an_element() {
    let release = Release::alone();
    let mut hostile = document(7);
    let markup =
        "</h1><script src=\"//evil.example/a.js\"></script><img src=x onerror=alert(1)>{{ 7919 * 7907 }}";
    for key in ["title", "safe_title", "alt", "transcript"] {
        hostile[key] = json!(markup);
    }
    let upstream = StubUpstream::with_documents(vec![hostile]);
    let page = release.launch().upstream(&upstream).start().get("/7/");
    let text = page.text();
    assert_eq!(
        (page.status, text.matches("<script").count(), text.matches("<h1>").count()),
        (200, 1, 1),
        "{text}"
    );
    assert!(!text.contains("<img src=x") && !text.contains("62615533"), "{text}");
}
