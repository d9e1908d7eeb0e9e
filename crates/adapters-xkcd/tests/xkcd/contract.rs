//! The contract of the port.

use std::sync::Arc;

use xkcd_adapters_xkcd::XkcdComics;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::contract::comic_source::{SourceSubject, Upstream, UpstreamMode};

use crate::stub_upstream::{Mode, StubUpstream};
use crate::{comic, start};

impl Upstream for StubUpstream {
    fn set_mode(&self, mode: UpstreamMode) {
        self.set_mode(match mode {
            UpstreamMode::Answers => Mode::Answers,
            UpstreamMode::Fails => Mode::Fails,
            UpstreamMode::Holds => Mode::Holds,
        });
    }

    fn fetches(&self, comic: ComicNumber) -> usize {
        self.requests(Some(comic.get()))
    }
}

/// Lets go of what still waits, so that the runtime's threads end.
struct Release(Arc<StubUpstream>, #[expect(dead_code, reason = "kept until the test ends")] XkcdComics);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.set_mode(Mode::Answers);
    }
}

fn subject() -> (SourceSubject, Release) {
    let upstream = Arc::new(StubUpstream::start(7));
    let comics = start(&upstream);
    let subject = SourceSubject {
        source: Arc::new(comics.clone()),
        absent: comic(9),
        upstream: Some(Arc::clone(&upstream) as _),
    };
    (subject, Release(upstream, comics))
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    comic_source => subject()
}
