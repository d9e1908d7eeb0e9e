//! Answers that are no comics, each of which ends in time and harms no other comic.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use xkcd_adapters_xkcd::{NoArchive, XkcdComics};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};

use crate::stub_upstream::{Script, StubUpstream, document, head, repeats, response, sends, silent};
use crate::{SECOND, comic, config, start, within};

const MIB: usize = 1 << 20;
const JSON: &str = "Content-Type: application/json";

/// What a visitor of comic 1 gets within 500 ms, when that is answered so.
async fn visit(script: Script) -> ComicSourceError {
    let upstream = StubUpstream::start(7);
    upstream.script(Some(1), script);
    let mut config = config(&upstream);
    // The runtime of the test does not end before the fetch does.
    config.fetch_timeout = SECOND;
    let comics = XkcdComics::start(config, Arc::new(NoArchive)).unwrap();
    comics.range(within(10 * SECOND)).await.unwrap();

    let asked = Instant::now();
    let failed = comics.comic(comic(1), within(SECOND / 2)).await;
    assert!(asked.elapsed() < SECOND, "late on any machine: {:?}", asked.elapsed());
    assert!(comics.in_memory(comic(1)).is_none());
    let error = failed.unwrap_err();
    if matches!(error, ComicSourceError::Corrupt(_)) {
        assert!(comics.comic(comic(2), within(10 * SECOND)).await.unwrap().is_some(), "others are fine");
    }
    error
}

async fn assert_corrupt(script: Script) {
    let error = visit(script).await;
    assert!(matches!(error, ComicSourceError::Corrupt(_)), "{error:?}");
}

async fn assert_unavailable(script: Script) {
    let error = visit(script).await;
    assert!(matches!(error, ComicSourceError::Unavailable(_)), "{error:?}");
}

fn json(body: &[u8]) -> Script {
    sends(response(200, "application/json", body))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    let body = encoder.finish().unwrap();
    let mut response =
        head(200, &format!("{JSON}\r\nContent-Encoding: gzip\r\nContent-Length: {}", body.len()));
    response.extend_from_slice(&body);
    response
}

/// A body without end, and how much of it was taken.
fn endless(fields: &str) -> (Script, Arc<AtomicUsize>) {
    let (taken, head) = (Arc::new(AtomicUsize::new(0)), head(200, fields));
    let counter = Arc::clone(&taken);
    let script: Script = Arc::new(move |stream| {
        stream.write_all(&head)?;
        let part = vec![b' '; 64 * 1024];
        while counter.load(Ordering::SeqCst) < 64 * MIB {
            stream.write_all(&part)?;
            counter.fetch_add(part.len(), Ordering::SeqCst);
        }
        Ok(())
    });
    (script, taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_with_html_is_unavailable() {
    for status in [400, 403, 429, 500, 503] {
        assert_unavailable(sends(response(status, "text/html", b"<html>Guru Meditation</html>"))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_no_comics_are_corrupt() {
    let whole = document(1);
    for body in [b"<html>".as_slice(), b"", b"[]", b"\xff\xfe", &whole[..whole.len() - 5], &document(2)] {
        assert_corrupt(json(body)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_unavailable() {
    let mut cut = response(200, "application/json", &document(1));
    cut.truncate(cut.len() - 5);
    assert_unavailable(sends(cut)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_http_is_corrupt() {
    assert_corrupt(sends(b"220 smtp.example ready\r\n\r\n".to_vec())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_body_that_is_too_large_no_more_is_taken_than_a_document_may_have() {
    let declared = format!("{JSON}\r\nContent-Length: {}", 64 * MIB);
    for fields in [JSON, &declared] {
        let (script, taken) = endless(fields);
        assert_corrupt(script).await;
        // What the client read, and what the kernel holds for both sides.
        assert!(taken.load(Ordering::SeqCst) < 16 * MIB, "{taken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_bounded_after_decompression() {
    let mut large = document(1);
    large.resize(64 * MIB, b' ');
    assert_corrupt(sends(gzip(&large))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_document_is_fine() {
    let upstream = StubUpstream::start(7);
    let mut largest = document(1);
    largest.resize(256 * 1024, b' ');
    upstream.script(Some(1), sends(gzip(&largest)));
    let shown = start(&upstream).comic(comic(1), within(10 * SECOND)).await.unwrap();
    assert_eq!(shown.unwrap().comic.title, "Title 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let other = StubUpstream::start(7);
    let location = format!("Location: {}/1/info.0.json\r\nContent-Length: 0", other.url());
    for status in [301, 302, 303, 307, 308] {
        assert_corrupt(sends(head(status, &location))).await;
    }
    assert_eq!(other.requests_by_number(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_says_nothing_or_too_little_is_unavailable_by_the_deadline() {
    let drip = Duration::from_millis(20);
    assert_unavailable(silent()).await;
    assert_unavailable(repeats(head(200, JSON), b" ".to_vec(), drip)).await;
    assert_unavailable(repeats(b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".to_vec(), drip)).await;
    assert_unavailable(repeats(b"HTTP/1.1 200 O".to_vec(), b"K".to_vec(), drip)).await;
}
