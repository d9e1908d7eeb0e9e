//! A search through as many comics as there are.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use xkcd_domain::comic::{Comic, ComicNumber};
use xkcd_domain::search::{Query, SearchIndex};

const COMICS: u32 = 3_300;
const WORDS: [&str; 12] = [
    "kettle",
    "lighthouse",
    "compiler",
    "the",
    "of",
    "turtle",
    "backup",
    "ferry",
    "is",
    "a",
    "borrowed",
    "late",
];

/// A comic with a title of three words and a caption of twenty-four.
fn comic(number: ComicNumber) -> Arc<Comic> {
    let mut state = number.get();
    let mut words = |many: usize| {
        let word = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            WORDS[(state >> 16) as usize % WORDS.len()]
        };
        std::iter::repeat_with(word).take(many).collect::<Vec<_>>().join(" ")
    };
    Arc::new(Comic {
        number,
        title: words(3),
        caption: Some(words(24)),
        transcript: None,
        image: None,
        link: None,
        interactive: false,
        published: None,
    })
}

fn search(criterion: &mut Criterion) {
    let numbers = (1..=COMICS).filter_map(|number| ComicNumber::try_from(number).ok());
    let comics: Vec<_> = numbers.map(comic).collect();
    let index = SearchIndex::new(&comics);
    let hundred = (0..100).map(|word| char::from(b'a' + word % 26).to_string()).collect::<Vec<_>>().join(" ");
    for (name, text) in [
        ("search/a word that all have", "a"),
        ("search/a word that none has", "zebra"),
        ("search/eight words", "kettle lighthouse compiler the of turtle backup ferry"),
        ("search/a hundred words", &hundred),
    ] {
        criterion.bench_function(name, |bencher| bencher.iter(|| index.find(&Query::new(black_box(text)))));
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    search(&mut criterion);
    criterion.final_summary();
}
