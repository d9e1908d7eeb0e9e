//! A document as xkcd.com sends it, read into a comic.

use std::hint::black_box;

use criterion::Criterion;
use xkcd_adapters_xkcd::document;

fn parse(criterion: &mut Criterion) {
    let transcript = "[[A kettle and a keyboard]]\\nKettle: I am done.\\n".repeat(20);
    let body = format!(
        r#"{{"month": "3", "num": 353, "link": "", "year": "2009", "news": "", "safe_title": "Kettle",
            "transcript": "{transcript}", "alt": "It says &quot;done&quot; each time.",
            "img": "https://imgs.xkcd.com/comics/kettle.png", "title": "Kettle", "day": "9"}}"#
    );
    criterion.bench_function("document/parse", |bencher| {
        bencher.iter(|| document::parse(None, black_box(body.as_bytes())));
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    parse(&mut criterion);
    criterion.final_summary();
}
