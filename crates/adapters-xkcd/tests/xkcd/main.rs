//! `XkcdComics` over an upstream and an archive that do what each test says, in paused time where nothing
//! but time passes.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod archive;
mod contract;
mod fake_archive;
mod fetching;
mod fill;
mod hostile;
mod outages;
mod starting;
mod stub_upstream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use xkcd_adapters_xkcd::{NoArchive, XkcdComics, XkcdConfig, document};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::comic_archive::{ArchivedComic, ComicArchive};

use fake_archive::FakeArchive;
use stub_upstream::StubUpstream;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

fn config(upstream: &StubUpstream) -> XkcdConfig {
    XkcdConfig::new(upstream.url(), "a test".to_owned())
}

fn start(upstream: &StubUpstream) -> XkcdComics {
    XkcdComics::start(config(upstream), Arc::new(NoArchive)).unwrap()
}

fn start_over(upstream: &StubUpstream, archive: &Arc<FakeArchive>) -> XkcdComics {
    let archive: Arc<dyn ComicArchive> = Arc::clone(archive) as _;
    XkcdComics::start(config(upstream), archive).unwrap()
}

fn comic(number: u32) -> ComicNumber {
    number.try_into().unwrap()
}

/// A comic as another instance may have saved it, so long ago.
fn archived(number: u32, title: &str, age: Duration) -> ArchivedComic {
    let document = stub_upstream::titled_document(number, title);
    let fetched_at = (OffsetDateTime::now_utc() - age).replace_nanosecond(0).unwrap();
    ArchivedComic { comic: document::parse(None, &document).unwrap(), fetched_at }
}

/// So long from now, by the clock that tests may pause.
fn within(time: Duration) -> Instant {
    (tokio::time::Instant::now() + time).into_std()
}

/// Waits until something holds that nothing announces.
async fn until(holds: impl Fn() -> bool) {
    let waited = tokio::time::timeout(10 * SECOND, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "it never came to that");
}
