use std::iter::from_fn;

use proptest::prelude::*;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::deck::Deck;

use crate::{comic, range};

fn dealt(mut deck: Deck) -> Vec<ComicNumber> {
    from_fn(|| deck.deal()).collect()
}

#[test]
fn a_deck_of_any_size_deals_every_comic_once() {
    for newest in (1..=5_000).filter(|newest| *newest != 404) {
        let range = range(1, newest);
        let mut deck = Deck::shuffled(u64::from(newest) << 32, range);
        let mut seen = vec![false; newest as usize + 1];
        for _ in 0..range.len() {
            let number = deck.deal().unwrap().get() as usize;
            assert!(!seen[number], "{number} came twice from a deck of 1 to {newest}");
            seen[number] = true;
        }
        assert_eq!(deck.deal(), None);
        assert_eq!(deck.position(), range.len());
    }
}

#[test]
fn a_deck_of_two_is_reshuffled_many_times_without_a_repetition() {
    let range = range(1, 2);
    let mut deck = Deck::shuffled(0, range);
    let mut last = None;
    for seed in 0..10_000 {
        for number in dealt(deck) {
            assert_ne!(Some(number), last, "seed {seed}");
            last = Some(number);
        }
        deck = Deck::resumed(deck.seed(), range, 2).unwrap().reshuffled(seed, range);
    }
}

#[test]
fn a_deck_of_one_deals_its_comic_each_time() {
    let range = range(7, 7);
    let deck = Deck::resumed(1, range, 1).unwrap().reshuffled(2, range);
    assert_eq!(dealt(deck), [comic(7)]);
}

#[test]
fn new_comics_join_the_next_deck() {
    let (old, new) = (range(1, 100), range(1, 103));
    let mut deck = Deck::shuffled(5, old);
    assert!(dealt(deck).iter().all(|it| old.contains(*it)));
    while deck.deal().is_some() {}
    let mut next = dealt(deck.reshuffled(6, new));
    next.sort();
    assert_eq!(next, (1..=103).map(comic).collect::<Vec<_>>());
}

#[test]
fn every_comic_is_about_equally_often_at_every_place() {
    const DECKS: u64 = 20_000;
    for size in [2, 3, 5, 12, 16, 50] {
        let range = range(1, size);
        let mut counts = vec![[0_u32; 2]; size as usize];
        for seed in 0..DECKS {
            let deck = dealt(Deck::shuffled(seed, range));
            counts[deck[0].get() as usize - 1][0] += 1;
            counts[deck[size as usize - 1].get() as usize - 1][1] += 1;
        }
        let expected = 20_000.0 / f64::from(size);
        for count in counts.into_iter().flatten() {
            // Five standard deviations: a fair shuffle of these seeds stays far inside.
            let off = (f64::from(count) - expected).abs();
            assert!(off < 5.0 * expected.sqrt(), "{count} of {expected} in a deck of {size}");
        }
    }
}

#[test]
fn neighbours_in_the_archive_are_no_neighbours_in_the_deck() {
    let range = range(1, 3_282);
    for seed in 0..20 {
        let deck = dealt(Deck::shuffled(seed, range));
        let adjacent = deck.windows(2).filter(|pair| pair[0].get().abs_diff(pair[1].get()) <= 3).count();
        // A fair shuffle has six such pairs.
        assert!(adjacent < 25, "{adjacent} pairs with seed {seed}");
    }
}

#[test]
fn decks_of_neighbouring_seeds_have_nothing_in_common() {
    let range = range(1, 3_282);
    for seed in 0..20 {
        let pair = [seed, seed + 1].map(|seed| dealt(Deck::shuffled(seed, range)));
        let same = pair[0].iter().zip(&pair[1]).filter(|(a, b)| a == b).count();
        // Fair shuffles agree at one place.
        assert!(same < 12, "{same} places with seed {seed}");
    }
}

proptest! {
    #[test]
    fn a_deck_is_resumed_where_it_was_left(seed: u64, newest in 1_u32..2_000, left in 0_u32..2_000) {
        prop_assume!(newest != 404);
        let range = range(1, newest);
        let left = left.min(range.len());
        let mut deck = Deck::shuffled(seed, range);
        for _ in 0..left {
            deck.deal();
        }
        prop_assert_eq!(Deck::resumed(seed, range, left), Some(deck));
        prop_assert_eq!(Deck::resumed(seed, range, range.len() + 1), None);
    }

    #[test]
    fn a_new_deck_never_begins_with_what_came_last(seed: u64, next: u64, newest in 2_u32..2_000) {
        prop_assume!(newest != 404);
        let range = range(1, newest);
        let last = dealt(Deck::shuffled(seed, range)).last().copied();
        let done = Deck::resumed(seed, range, range.len()).unwrap();
        prop_assert_ne!(done.reshuffled(next, range).deal(), last);
    }

    #[test]
    fn built_in_numbers_are_dealt_like_others(seed: u64, size in 1_u32..300) {
        let range = range(1_000_001, 1_000_000 + size);
        let mut numbers = dealt(Deck::shuffled(seed, range));
        numbers.sort();
        prop_assert!(numbers.into_iter().eq((0..size).filter_map(|index| range.nth(index))));
    }
}
