//! The background fill.

use std::time::Duration;

use tokio::time::Instant;
use xkcd_domain::ports::comic_source::ComicSource;

use crate::stub_upstream::{Mode, StubUpstream, document, response, sends};
use crate::{DAY, FakeArchive, SECOND, archived, comic, start_over, until, within};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn all_comics_are_fetched_at_most_two_a_second() {
    let upstream = StubUpstream::start(41);
    let archive = FakeArchive::new();
    let started = Instant::now();
    let comics = start_over(&upstream, &archive);

    until_filled(&archive, 41).await;

    // Forty beside the newest. A save may come a second later.
    let elapsed = started.elapsed();
    assert!((19 * SECOND..24 * SECOND).contains(&elapsed), "{elapsed:?}");
    assert_eq!(upstream.requests_by_number(), 40);
    assert_eq!(comics.all_in_memory().len(), 41);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_does_not_wait_for_the_fill() {
    let upstream = StubUpstream::start(41);
    let comics = start_over(&upstream, &FakeArchive::new());
    let started = Instant::now();
    for number in 1..=20 {
        comics.comic(comic(number), within(SECOND)).await.unwrap();
    }
    assert!(started.elapsed() < SECOND);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_hold_the_lease_fetches_nothing() {
    let upstream = StubUpstream::start(41);
    let archive = FakeArchive::new().filled_by_another(DAY);
    let _comics = start_over(&upstream, &archive);
    tokio::time::sleep(10 * MINUTE).await;
    assert_eq!(upstream.requests_by_number(), 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_instances_one_fills_and_the_other_loads() {
    let upstream = StubUpstream::start(41);
    let archive = FakeArchive::new();
    let instances = [(); 2].map(|()| start_over(&upstream, &archive));

    until_filled(&archive, 41).await;
    let loaded = Instant::now();
    for instance in &instances {
        while instance.all_in_memory().len() < 41 {
            tokio::time::sleep(SECOND).await;
        }
    }

    assert!(loaded.elapsed() <= 4 * MINUTE + SECOND);
    assert_eq!(upstream.requests_by_number(), 40, "none was fetched twice");
    let mut fetched = instances.each_ref().map(|it| it.stats().upstream_ok);
    fetched.sort_unstable();
    assert_eq!(fetched, [1, 41], "both looked for the newest, one did the rest");
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_over_fetches_nothing_that_was_saved_before() {
    let upstream = StubUpstream::start(41);
    let archive = FakeArchive::new().filled_by_another(MINUTE);
    let _comics = start_over(&upstream, &archive);
    tokio::time::sleep(MINUTE / 2).await;
    archive.put((3..=41).map(|it| archived(it, "Of another", DAY)));

    until_filled(&archive, 41).await;

    assert_eq!(upstream.requests_by_number(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_filling_and_given_back_at_the_end() {
    let upstream = StubUpstream::start(301);
    let archive = FakeArchive::new();
    let comics = start_over(&upstream, &archive);
    // Between two fetches: one that is under way at the end is not stopped.
    tokio::time::sleep(2 * MINUTE + SECOND / 4).await;
    let claims = archive.seen().claims;
    assert!((6..=7).contains(&claims), "every 20 s, not {claims} times");
    assert_eq!(archive.seen().given_back, 0);

    comics.finish(within(SECOND)).await;
    assert_eq!(archive.seen().given_back, 1);

    let fetched = upstream.requests_by_number();
    tokio::time::sleep(2 * MINUTE).await;
    assert_eq!(upstream.requests_by_number(), fetched, "nothing is fetched after the end");
}

#[tokio::test(start_paused = true)]
async fn when_the_last_handle_is_dropped_the_fill_ends_and_gives_the_lease_back() {
    let upstream = StubUpstream::start(301);
    let archive = FakeArchive::new();
    let comics = start_over(&upstream, &archive);
    let another = comics.clone();
    tokio::time::sleep(5 * SECOND).await;
    drop(comics);
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(archive.seen().given_back, 0);

    drop(another);
    archive.until(|it| it.given_back == 1).await;
    assert!(archive.seen().comics.len() >= 20, "what was fetched is saved");
}

#[tokio::test(start_paused = true)]
async fn old_documents_are_fetched_again() {
    let upstream = StubUpstream::start(7);
    let archive = FakeArchive::holding((1..=7).map(|it| archived(it, "Old", 2 * (it % 7) * DAY)));
    let _comics = start_over(&upstream, &archive);

    // The three that are older than a week, and the newest, which is looked for at every start.
    archive.until(|it| it.comics.values().filter(|(it, _)| it.comic.title != "Old").count() == 4).await;

    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(|it| upstream.requests(Some(it))), [0, 0, 0, 1, 1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_is_down_pauses_the_fill() {
    let upstream = StubUpstream::start(41);
    let archive = FakeArchive::new();
    let comics = start_over(&upstream, &archive);
    archive.until(|it| it.comics.len() > 5).await;
    upstream.set_mode(Mode::Fails);
    until(|| comics.status().upstream_down).await;
    let before = upstream.requests_by_number();
    tokio::time::sleep(60 * MINUTE).await;
    assert_eq!(upstream.requests_by_number(), before);

    upstream.set_mode(Mode::Answers);
    let back = Instant::now();
    until_filled(&archive, 41).await;
    assert!(back.elapsed() < MINUTE, "it goes on after {:?}", back.elapsed());
}

#[tokio::test(start_paused = true)]
async fn comics_that_cannot_be_had_hold_up_no_others_and_are_asked_for_ever_more_seldom() {
    let upstream = StubUpstream::start(41);
    upstream.script(Some(40), sends(response(500, "text/html", b"<html>")));
    upstream.script(Some(20), sends(response(200, "application/json", b"[]")));
    let archive = FakeArchive::new();
    let _comics = start_over(&upstream, &archive);

    until_filled(&archive, 39).await;
    tokio::time::sleep(DAY).await;
    let asked = [20, 40].map(|it| upstream.requests(Some(it)));
    assert!(asked.iter().all(|it| (20..40).contains(it)), "{asked:?} times in a day");

    upstream.script(Some(40), sends(response(200, "application/json", &document(40))));
    tokio::time::sleep(61 * MINUTE).await;
    assert!(archive.seen().comics.contains_key(&40));
}

async fn until_filled(archive: &FakeArchive, comics: usize) {
    archive.until(|it| it.comics.len() == comics).await;
}
