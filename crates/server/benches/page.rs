//! The page of a comic, from the comic to its HTML.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use time::macros::{date, datetime};
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, Sourced};
use xkcdapp::assets::Assets;
use xkcdapp::config::PublicUrl;
use xkcdapp::navigation::Navigation;
use xkcdapp::pages::{Encoding, Encounter, Pages};

type Failure = Box<dyn std::error::Error>;

fn render(criterion: &mut Criterion) -> Result<(), Failure> {
    let public_url: PublicUrl = "https://xkcd.example.org".parse()?;
    let assets = Assets::embedded();
    let pages = Pages::new(&public_url, &assets)?;
    let comic = Comic {
        number: ComicNumber::try_from(353_u32)?,
        title: "Kettle".into(),
        caption: Some("It says \"done\" each time, and each time it is.".into()),
        transcript: Some("[[A kettle and a keyboard]]\nKettle: I am done.\n".repeat(10)),
        image: Some("https://imgs.xkcd.com/comics/kettle.png".parse()?),
        link: None,
        interactive: false,
        published: Some(date!(2009 - 03 - 09)),
    };
    let shown = Sourced {
        comic: Arc::new(comic),
        fetched_at: Some(datetime!(2026-01-02 03:04:05 UTC)),
        stale: false,
    };
    let range = ComicRange::new(ComicNumber::ONE, ComicNumber::try_from(3_300_u32)?);
    let at = |number| Encounter {
        shown: shown.clone(),
        navigation: Navigation::around(number, range),
        stand_in: false,
    };
    let (encounter, another) = (at(353), at(354));
    criterion.bench_function("page/as before but for the count", |bencher| {
        bencher.iter(|| pages.comic(black_box(&encounter), &assets, Some(1_234.into()), Encoding::Identity));
    });
    criterion.bench_function("page/as before but for the count, compressed", |bencher| {
        bencher.iter(|| pages.comic(black_box(&encounter), &assets, Some(1_234.into()), Encoding::Gzip));
    });
    let mut takes_turns = [&encounter, &another].into_iter().cycle();
    criterion.bench_function("page/rendered", |bencher| {
        bencher.iter(|| {
            takes_turns.next().map(|it| pages.comic(it, &assets, Some(1_234.into()), Encoding::Identity))
        });
    });
    Ok(())
}

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    render(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
