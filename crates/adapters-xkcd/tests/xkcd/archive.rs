//! What is loaded from the archive and what is saved to it.

use std::time::Duration;

use xkcd_domain::ports::comic_source::ComicSource;

use crate::stub_upstream::{Mode, StubUpstream};
use crate::{DAY, FakeArchive, SECOND, archived, comic, start_over, until, within};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn what_the_archive_holds_is_served_without_a_fetch() {
    let upstream = StubUpstream::start(7);
    upstream.set_mode(Mode::Fails);
    let archive = FakeArchive::holding((1..=7).map(|it| archived(it, "Archived", DAY)));
    archive.set_delay(SECOND / 10);
    let comics = start_over(&upstream, &archive);

    assert_eq!(comics.range(within(SECOND)).await.unwrap().newest(), comic(7));
    let shown = comics.comic(comic(3), within(SECOND)).await.unwrap().unwrap();

    assert_eq!((shown.comic.title.as_str(), shown.stale), ("Archived", false));
    assert_eq!(shown.fetched_at, Some(archive.seen().comics[&3].0.fetched_at));
    assert_eq!(comics.all_in_memory().len(), 7);
    assert_eq!(upstream.requests_by_number(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_hangs_delays_the_first_visitor_by_less_than_half_a_second() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new();
    archive.set_delay(DAY);
    let started = tokio::time::Instant::now();
    let comics = start_over(&upstream, &archive);

    assert!(comics.comic(comic(3), within(SECOND)).await.unwrap().is_some());
    assert!(comics.range(within(SECOND)).await.is_ok());
    assert!(started.elapsed() < SECOND / 2);

    let second = tokio::time::Instant::now();
    assert!(comics.comic(comic(4), within(SECOND)).await.unwrap().is_some());
    assert_eq!(second.elapsed(), Duration::ZERO, "only the first waits for the archive");
}

#[tokio::test(start_paused = true)]
async fn what_was_fetched_is_saved_together_within_seconds() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new().filled_by_another(DAY);
    let comics = start_over(&upstream, &archive);
    for number in 1..=3 {
        comics.comic(comic(number), within(SECOND)).await.unwrap();
    }

    archive.until(|it| it.comics.contains_key(&3)).await;

    let seen = archive.seen();
    assert!(seen.clock <= 2, "saved in {} batches", seen.clock);
    for (number, (saved, _)) in seen.comics {
        let shown = comics.in_memory(comic(number)).unwrap();
        assert_eq!((&saved.comic, Some(saved.fetched_at)), (&*shown.comic, shown.fetched_at));
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_saved_is_loaded_every_four_minutes() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new().filled_by_another(DAY);
    let comics = start_over(&upstream, &archive);
    archive.until(|it| it.loads == 1).await;
    archive.put([archived(3, "Of another", DAY)]);

    let saved = tokio::time::Instant::now();
    archive.until(|it| it.loads == 2).await;
    until(|| comics.in_memory(comic(3)).is_some_and(|it| it.comic.title == "Of another")).await;

    assert!(saved.elapsed() <= 4 * MINUTE + SECOND);
    assert_eq!(upstream.requests_by_number(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_is_down_loses_nothing_and_gets_all_when_it_is_back() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new().filled_by_another(DAY);
    let comics = start_over(&upstream, &archive);
    archive.until(|it| it.comics.contains_key(&7)).await;
    archive.set_failing(true);
    for number in 1..=3 {
        comics.comic(comic(number), within(SECOND)).await.unwrap();
    }
    archive.until(|it| it.failures > 20).await;
    let error = comics.status().last_archive_error;
    assert_eq!(error.as_deref(), Some("the comic archive can't be reached: the test says so"));

    archive.put([archived(5, "Of another", DAY)]);
    archive.set_failing(false);
    let back = tokio::time::Instant::now();
    archive.until(|it| (1..=3).all(|number| it.comics.contains_key(&number))).await;

    assert!(back.elapsed() < 20 * SECOND, "{:?}", back.elapsed());
    assert!(comics.in_memory(comic(5)).is_some(), "what others saved meanwhile was loaded as well");
    assert_eq!(comics.status().last_archive_error, None);
    assert_eq!(upstream.requests_by_number(), 3, "nothing was fetched twice");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_saved_is_saved_at_the_end() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new().filled_by_another(DAY);
    let comics = start_over(&upstream, &archive);
    comics.comic(comic(3), within(SECOND)).await.unwrap();

    comics.finish(within(SECOND / 10)).await;

    assert!(archive.seen().comics.contains_key(&3));
    assert!(comics.in_memory(comic(3)).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_hangs_at_the_end_does_not_hold_the_end_up() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::new().filled_by_another(DAY);
    archive.set_delay(DAY);
    let comics = start_over(&upstream, &archive);
    let asked = tokio::time::Instant::now();

    comics.finish(within(SECOND)).await;

    assert!(asked.elapsed() <= SECOND);
}
