//! What the log says. A test binary of its own: what is logged is set up for a whole process.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "xkcd/fake_archive.rs"]
mod fake_archive;
#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "xkcd/stub_upstream.rs"]
mod stub_upstream;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;
use tracing::subscriber::DefaultGuard;
use xkcd_adapters_xkcd::{XkcdComics, XkcdConfig};
use xkcd_domain::ports::comic_source::ComicSource;

use fake_archive::FakeArchive;
use stub_upstream::{Mode, StubUpstream, response, sends};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn events(&self) -> Vec<String> {
        self.lines().iter().map(|it| it["fields"]["event"].as_str().unwrap().to_owned()).collect()
    }
}

fn start(upstream: &StubUpstream, archive: &Arc<FakeArchive>) -> XkcdComics {
    let config = XkcdConfig::new(upstream.url(), "a test".to_owned());
    XkcdComics::start(config, Arc::clone(archive) as _).unwrap()
}

async fn visit(comics: &XkcdComics, number: u32) {
    let deadline: Instant = (tokio::time::Instant::now() + SECOND).into_std();
    // What comes of it is another test's affair.
    let _ = comics.comic(number.try_into().unwrap(), deadline).await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_upstream_is_logged_once_and_its_end_once() {
    let (log, _guard) = Log::begin();
    let upstream = StubUpstream::start(41);
    let comics = start(&upstream, &FakeArchive::new().filled_by_another(DAY));
    upstream.set_mode(Mode::Fails);
    for number in 1..=9 {
        visit(&comics, number).await;
    }
    sleep(60 * SECOND).await;
    upstream.set_mode(Mode::Answers);
    sleep(2 * SECOND).await;

    let lines = log.lines();
    assert_eq!(log.events(), ["upstream.unavailable", "upstream.available"]);
    assert_eq!((&lines[0]["level"], &lines[1]["level"]), (&"WARN".into(), &"INFO".into()));
    assert_eq!(lines[0]["fields"]["error"], "the upstream answered with status 503");
    let seconds = lines[1]["fields"]["outage.seconds"].as_f64().unwrap();
    assert!((60.0..63.0).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_archive_is_logged_once_with_its_cause_and_its_end_once() {
    let (log, _guard) = Log::begin();
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new().filled_by_another(DAY);
    archive.set_failing(true);
    let _comics = start(&upstream, &archive);
    archive.until(|it| it.failures > 10).await;
    archive.set_failing(false);
    archive.until(|it| it.loads > 0).await;

    assert_eq!(log.events(), ["archive.unavailable", "archive.available"]);
    assert_eq!(log.lines()[0]["fields"]["error"], "the comic archive can't be reached: the test says so");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_stays_garbage_is_logged_once_and_never_quoted() {
    let (log, _guard) = Log::begin();
    let upstream = StubUpstream::start(7);
    let garbage = br#"{"num": "of somebody's secret", "title": "secret"}"#;
    upstream.script(Some(3), sends(response(200, "application/json", garbage)));
    let comics = start(&upstream, &FakeArchive::new().filled_by_another(DAY));
    for _ in 0..10 {
        visit(&comics, 3).await;
        sleep(20 * SECOND).await;
        visit(&comics, 2).await;
    }

    assert!(upstream.requests(Some(3)) > 5);
    let lines = log.lines();
    assert_eq!(log.events(), ["upstream.invalid"]);
    assert_eq!(lines[0]["fields"]["comic"], "3");
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("secret"), "{text}");
}
