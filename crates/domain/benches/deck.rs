//! A step of a visitor's deck.

use std::hint::black_box;

use criterion::Criterion;
use xkcd_domain::comic::{ComicNumber, ComicRange};
use xkcd_domain::deck::Deck;

const NEWEST: u32 = 3_300;

fn deck(criterion: &mut Criterion) {
    let newest = ComicNumber::try_from(NEWEST).unwrap_or(ComicNumber::ONE);
    let Some(range) = ComicRange::new(ComicNumber::ONE, newest) else { return };
    let mut position = 0;
    criterion.bench_function("deck/deal", |bencher| {
        bencher.iter(|| {
            position = (position + 1) % NEWEST;
            Deck::resumed(black_box(7), range, position).and_then(|mut deck| deck.deal())
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    deck(&mut criterion);
    criterion.final_summary();
}
