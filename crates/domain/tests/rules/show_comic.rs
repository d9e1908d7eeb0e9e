use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, Sourced};
use xkcd_domain::deck::Deck;
use xkcd_domain::ports::comic_source::{ComicSourceError, MockComicSource};
use xkcd_domain::show_comic::{Decks, Drawn, ShowComic};

use crate::{comic, range};

/// How a source answers when it is asked for a comic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Comic,
    None,
    Corrupt,
    Unavailable,
}

#[expect(clippy::disallowed_methods, reason = "nobody waits for it")]
fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

fn sourced(number: ComicNumber) -> Sourced {
    let comic = Comic {
        number,
        title: format!("Comic {number}"),
        caption: None,
        transcript: None,
        image: None,
        link: None,
        interactive: false,
        published: None,
    };
    Sourced { comic: Arc::new(comic), fetched_at: None, stale: false }
}

fn unavailable() -> ComicSourceError {
    ComicSourceError::Unavailable("it is down".into())
}

/// A source of a range, that answers as told, with some comics in memory.
fn source(
    range: ComicRange,
    answer: impl Fn(ComicNumber) -> Answer + Send + 'static,
    memory: impl IntoIterator<Item = ComicNumber>,
) -> MockComicSource {
    let mut source = MockComicSource::new();
    source.expect_range().returning(move |_| Ok(range));
    source.expect_comic().returning(move |number, _| match answer(number) {
        Answer::Comic => Ok(Some(sourced(number))),
        Answer::None => Ok(None),
        Answer::Corrupt => Err(ComicSourceError::Corrupt("not a document".into())),
        Answer::Unavailable => Err(unavailable()),
    });
    let memory: BTreeSet<_> = memory.into_iter().collect();
    source.expect_in_memory().returning(move |number| memory.contains(&number).then(|| sourced(number)));
    source
}

fn built_in() -> MockComicSource {
    source(range(1_000_001, 1_000_005), |_| Answer::Comic, [])
}

/// A source that nobody may ask.
fn untouched() -> MockComicSource {
    MockComicSource::new()
}

fn show(source: MockComicSource, built_in: MockComicSource) -> ShowComic {
    ShowComic::new(Arc::new(source), Arc::new(built_in))
}

fn draw(show: &ShowComic, decks: Decks) -> Drawn {
    block_on(show.random(decks, 42, deadline())).unwrap()
}

/// The order in which a deck deals.
fn order(mut deck: Deck) -> Vec<ComicNumber> {
    std::iter::from_fn(|| deck.deal()).collect()
}

fn shuffled(range: ComicRange) -> (Decks, Vec<ComicNumber>) {
    let deck = Deck::shuffled(7, range);
    (Decks { source: Some(deck), built_in: None }, order(deck))
}

#[test]
fn a_walk_shows_every_comic_once_before_any_again() {
    let range = range(1, 30);
    let show = show(source(range, |_| Answer::Comic, []), untouched());
    let mut decks = Decks::default();
    let mut last = None;
    for _ in 0..3 {
        let mut seen = BTreeSet::new();
        for _ in 0..range.len() {
            let drawn = draw(&show, decks);
            let number = drawn.shown.comic.number;
            assert!(seen.insert(number) && last != Some(number), "{number} came again");
            assert!(!drawn.stand_in);
            (decks, last) = (drawn.decks, Some(number));
        }
    }
}

#[test]
fn numbers_without_a_comic_and_broken_documents_are_skipped() {
    let (decks, order) = shuffled(range(1, 30));
    for answer in [Answer::None, Answer::Corrupt] {
        let skipped = [order[0], order[1]];
        let answers = move |number| if skipped.contains(&number) { answer } else { Answer::Comic };
        let drawn = draw(&show(source(range(1, 30), answers, []), untouched()), decks);
        assert_eq!(drawn.shown.comic.number, order[2]);
        assert_eq!(drawn.decks.source.unwrap().position(), 3);
    }
}

#[test]
fn skipping_has_an_end() {
    let (decks, order) = shuffled(range(1, 30));
    let drawn = draw(&show(source(range(1, 30), |_| Answer::None, [order[9]]), untouched()), decks);
    assert_eq!(drawn.shown.comic.number, order[9]);
}

#[test]
fn a_comic_that_cannot_be_had_is_passed_over_for_the_next_in_memory() {
    let (decks, order) = shuffled(range(1, 30));
    let show = show(source(range(1, 30), |_| Answer::Unavailable, [order[4], order[8]]), untouched());
    let drawn = draw(&show, decks);
    assert_eq!(drawn.shown.comic.number, order[4]);
    assert_eq!(drawn.decks.source.unwrap().position(), 5);
    assert!(!drawn.stand_in);
    assert_eq!(draw(&show, drawn.decks).shown.comic.number, order[8]);
}

#[test]
fn who_can_not_have_one_comic_does_not_ask_for_others() {
    let (decks, order) = shuffled(range(1, 30));
    let mut source = MockComicSource::new();
    source.expect_range().returning(|_| Ok(range(1, 30)));
    source.expect_comic().times(1).returning(|_, _| Err(unavailable()));
    let remembered = order[3];
    source.expect_in_memory().returning(move |number| (number == remembered).then(|| sourced(number)));
    assert_eq!(draw(&show(source, untouched()), decks).shown.comic.number, remembered);
}

#[test]
fn what_was_passed_over_comes_in_the_next_deck() {
    let (mut decks, order) = shuffled(range(1, 30));
    let down = show(source(range(1, 30), |_| Answer::Unavailable, [order[29]]), untouched());
    decks = draw(&down, decks).decks;
    let up = show(source(range(1, 30), |_| Answer::Comic, []), untouched());
    let mut seen = BTreeSet::new();
    for _ in 0..30 {
        let drawn = draw(&up, decks);
        seen.insert(drawn.shown.comic.number);
        decks = drawn.decks;
    }
    assert_eq!(seen.len(), 30);
}

#[test]
fn a_built_in_comic_stands_in_and_the_deck_stays_where_it_was() {
    let (decks, order) = shuffled(range(1, 30));
    // What was dealt already does not count as something left in memory.
    let mut begun = decks;
    begun.source.as_mut().unwrap().deal();
    let drawn = draw(&show(source(range(1, 30), |_| Answer::Unavailable, [order[0]]), built_in()), begun);
    assert!(drawn.stand_in);
    assert!(drawn.shown.comic.number.is_built_in());
    assert_eq!(drawn.decks.source, begun.source);
    assert_eq!(drawn.decks.built_in.unwrap().position(), 1);
}

#[test]
fn a_deck_is_kept_while_the_newest_comic_is_unknown() {
    let (decks, _) = shuffled(range(1, 30));
    let mut source = MockComicSource::new();
    source.expect_range().returning(|_| Err(unavailable()));
    let drawn = draw(&show(source, built_in()), decks);
    assert!(drawn.stand_in);
    assert_eq!(drawn.decks.source, decks.source);
}

#[test]
fn stand_ins_are_a_walk_of_their_own() {
    let show = show(source(range(1, 30), |_| Answer::Unavailable, []), built_in());
    let (mut decks, _) = shuffled(range(1, 30));
    let before = decks.source;
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let drawn = draw(&show, decks);
        seen.insert(drawn.shown.comic.number);
        decks = drawn.decks;
    }
    assert_eq!(seen, (1_000_001..=1_000_005).map(comic).collect());
    assert_eq!(decks.source, before);
}

#[test]
fn built_in_comics_alone_stand_in_for_nothing() {
    let drawn = draw(&ShowComic::built_in_only(Arc::new(built_in())), Decks::default());
    assert!(!drawn.stand_in);
    assert_eq!(drawn.decks.source, None);
    assert_eq!(drawn.decks.built_in.unwrap().position(), 1);
}

#[test]
fn a_deck_may_reach_a_little_beyond_the_newest_comic_known_here() {
    let (decks, order) = shuffled(range(1, 40));
    let drawn = draw(&show(source(range(1, 30), |_| Answer::Comic, []), untouched()), decks);
    assert_eq!(drawn.shown.comic.number, order[0]);
}

#[test]
fn a_forged_deck_is_replaced() {
    for forged in [range(1, 41), range(1, 2_000_000_000), range(2, 30)] {
        let show = show(source(range(1, 30), |_| Answer::Comic, []), untouched());
        let drawn = draw(&show, Decks { source: Some(Deck::shuffled(7, forged)), built_in: None });
        assert_eq!(drawn.decks.source.unwrap().range(), range(1, 30));
    }
}

#[test]
fn a_deck_of_more_built_in_comics_than_there_are_is_replaced() {
    let beyond = Deck::shuffled(7, range(1_000_001, 1_000_006));
    let show = ShowComic::built_in_only(Arc::new(built_in()));
    let drawn = draw(&show, Decks { source: None, built_in: Some(beyond) });
    assert_eq!(drawn.decks.built_in.unwrap().range(), range(1_000_001, 1_000_005));
}

#[test]
fn the_deadline_is_handed_on() {
    let until = deadline();
    let mut source = MockComicSource::new();
    source.expect_range().times(1).withf(move |it| *it == until).returning(|_| Ok(range(1, 30)));
    let comic = move |_: &ComicNumber, it: &Instant| *it == until;
    source.expect_comic().times(2).withf(comic).returning(|number, _| Ok(Some(sourced(number))));
    let show = show(source, untouched());
    block_on(show.random(Decks::default(), 1, until)).unwrap();
    block_on(show.by_number(ComicNumber::ONE, until)).unwrap();
}

#[test]
fn a_number_is_asked_of_its_own_source() {
    let show_both = show(source(range(1, 30), |_| Answer::None, []), built_in());
    let found = |show: &ShowComic, number| block_on(show.by_number(number, deadline())).unwrap();
    assert_eq!(found(&show_both, comic(7)), None);
    assert_eq!(found(&show_both, comic(1_000_002)).unwrap().comic.number, comic(1_000_002));
    let alone = ShowComic::built_in_only(Arc::new(source(range(1_000_001, 1_000_005), |_| Answer::None, [])));
    assert_eq!(found(&alone, comic(7)), None);
}

#[test]
fn a_failure_of_even_the_built_in_comics_is_told() {
    let mut broken = MockComicSource::new();
    broken.expect_range().returning(|_| Err(unavailable()));
    let failed = block_on(ShowComic::built_in_only(Arc::new(broken)).random(Decks::default(), 1, deadline()));
    assert!(matches!(failed, Err(ComicSourceError::Unavailable(_))));
}
