//! What the log says of an outage. A test binary of its own: what is logged is set up for a whole process.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, MockViewCounter, ViewCounterError};
use xkcd_domain::views::{ViewCount, WriterId};
use xkcd_group_commit::{Counted, GroupCommit, GroupCommitConfig};

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

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_once_with_its_cause_and_once_more_when_it_is_over() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut store = MockViewCounter::new();
    store
        .expect_apply()
        .times(5)
        .returning(|_| Err(ViewCounterError::Unavailable("connection refused".into())));
    store.expect_apply().returning(|batch| {
        let totals = batch.views().iter().map(|(comic, _)| (*comic, ViewCount::from(1))).collect();
        Ok(AppliedBatch { totals, added: true })
    });
    let views = GroupCommit::start(Arc::new(store), WriterId::from_random(7), GroupCommitConfig::default());

    let deadline = (tokio::time::Instant::now() + Duration::from_secs(10)).into_std();
    let counted = views.count(ComicNumber::ONE, deadline).await;

    assert_eq!(counted, Ok(Counted::Stored(ViewCount::from(1))));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [begun, over] = &lines[..] else { unreachable!("two lines, not {text}") };
    assert_eq!(begun["level"], "WARN");
    assert_eq!(begun["fields"]["event"], "views.unavailable");
    assert_eq!(begun["fields"]["error"], "the view store can't be reached: connection refused");
    assert_eq!(over["level"], "INFO");
    assert_eq!(over["fields"]["event"], "views.available");
    assert_eq!(over["fields"]["outage.failed_attempts"], 5);
    assert_eq!(over["fields"]["views.pending"], 1);
}
