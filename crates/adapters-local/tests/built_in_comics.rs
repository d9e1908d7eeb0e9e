//! The comics that come with the app: the port's contract, and what every drawing has to be.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use xkcd_adapters_local::BuiltInComics;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::contract::comic_source::SourceSubject;
use xkcd_domain::ports::comic_source::ComicSource;

/// A drawing is shown at once, on a slow line too.
const LARGEST_DRAWING: usize = 16 * 1024;

/// All that a drawing may consist of: nothing here runs, loads or links to anything.
const ELEMENTS: [&str; 5] = ["svg", "title", "rect", "g", "path"];
const ATTRIBUTES: [&str; 13] = [
    "d",
    "fill",
    "height",
    "rx",
    "stroke",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-width",
    "viewBox",
    "width",
    "x",
    "xmlns",
    "y",
];

fn built_in() -> BuiltInComics {
    BuiltInComics::new("/static/comics").unwrap()
}

fn absent() -> ComicNumber {
    let above = built_in().all_in_memory().last().unwrap().number.get() + 1;
    ComicNumber::try_from(above).unwrap()
}

fn subject() -> (SourceSubject, ()) {
    (SourceSubject { source: Arc::new(built_in()), absent: absent(), upstream: None }, ())
}

xkcd_domain::contract_tests! {
    #[tokio::test]
    comic_source => subject()
}

#[tokio::test]
async fn they_are_numbered_from_the_first_built_in_on_without_a_gap() {
    let comics = built_in();
    let range = comics.range(Instant::now()).await.unwrap();

    let expected: Vec<_> = (0..range.len()).map(|index| range.nth(index).unwrap()).collect();
    let numbers: Vec<_> = comics.all_in_memory().iter().map(|comic| comic.number).collect();

    assert_eq!(range.first(), ComicNumber::FIRST_BUILT_IN);
    assert_eq!(numbers, expected);
    assert!(numbers.len() >= 14, "there are enough to make a visit worthwhile");
}

#[tokio::test]
async fn a_comic_of_xkcd_com_is_none_of_them() {
    let newest_below = ComicNumber::try_from(ComicNumber::FIRST_BUILT_IN.get() - 1).unwrap();

    for number in [ComicNumber::ONE, newest_below] {
        assert_eq!(built_in().comic(number, Instant::now()).await.unwrap(), None);
    }
}

#[test]
fn each_says_what_it_is_and_is_no_repetition() {
    let comics = built_in().all_in_memory();

    for comic in comics.iter() {
        let texts = [Some(&comic.title), comic.caption.as_ref(), comic.transcript.as_ref()];
        assert!(texts.iter().all(|text| text.is_some_and(|text| text.trim() == text && !text.is_empty())));
        assert!(!comic.interactive && comic.link.is_none());
    }
    assert!(comics.is_sorted_by(|a, b| a.published < b.published), "a later comic came out later");
    let titles: BTreeSet<_> = comics.iter().map(|comic| &comic.title).collect();
    assert_eq!(titles.len(), comics.len());
}

#[test]
fn each_is_current_though_it_was_never_fetched() {
    let sourced = built_in().in_memory(ComicNumber::FIRST_BUILT_IN).unwrap();

    assert_eq!((sourced.fetched_at, sourced.stale), (None, false));
}

#[test]
fn each_image_address_is_the_path_of_its_drawing() {
    let comics = built_in();

    let images: Vec<_> = comics
        .all_in_memory()
        .iter()
        .map(|comic| comic.image.as_ref().unwrap().as_str().to_owned())
        .collect();
    let paths: Vec<_> = comics.drawings().map(|drawing| drawing.path).collect();

    assert_eq!(images, paths);
    let mut hashes = BTreeSet::new();
    for path in &paths {
        let name = path.strip_prefix("/static/comics/").and_then(|rest| rest.strip_suffix(".svg")).unwrap();
        let (_, hash) = name.rsplit_once('.').unwrap();
        assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}");
        assert!(hashes.insert(hash), "a hash is of the content: {path}");
    }
}

#[test]
fn a_base_that_is_no_path_of_this_host_is_refused() {
    for base in ["static", "//elsewhere.example", "https://imgs.xkcd.com", "/static/", "/a b"] {
        assert!(BuiltInComics::new(base).is_err(), "{base:?}");
    }
}

#[test]
fn each_drawing_in_the_folder_is_one_comic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("comics");
    let in_folder: BTreeMap<_, _> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();

    let drawings: Vec<_> = built_in().drawings().collect();
    let embedded: BTreeMap<_, _> = drawings
        .iter()
        .map(|drawing| (format!("{}.svg", name_of(&drawing.path)), drawing.svg.to_vec()))
        .collect();

    assert_eq!(drawings.len(), embedded.len(), "no drawing belongs to two comics");
    assert_eq!(embedded.keys().collect::<Vec<_>>(), in_folder.keys().collect::<Vec<_>>());
    assert!(embedded == in_folder, "each is embedded as it is");
}

#[test]
fn each_drawing_is_small_harmless_and_bears_the_title() {
    let comics = built_in();

    for (comic, drawing) in comics.all_in_memory().iter().zip(comics.drawings()) {
        let svg = str::from_utf8(drawing.svg).unwrap();

        assert!(svg.len() <= LARGEST_DRAWING, "{}: {} bytes", comic.title, svg.len());
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width="), "{}", comic.title);
        assert!(svg.contains(" viewBox=\""), "{}", comic.title);
        assert!(svg.contains(&format!("<title>{}</title>", comic.title)), "{}", comic.title);
        assert_eq!(fault_in(svg), None, "{}", comic.title);
    }
}

#[test]
fn a_drawing_that_could_do_something_is_noticed() {
    for (svg, fault) in [
        ("<svg><script></script></svg>", "an element: script"),
        ("<svg onload=\"alert(1)\"></svg>", "an attribute: onload"),
        ("<svg><g style=\"fill:red\"/></svg>", "an attribute: style"),
        ("<svg><path fill=\"url(https://a.example)\"/></svg>", "a reference"),
        ("<svg><g></svg>", "not closed: g"),
        ("<svg><g/>", "not closed: svg"),
        ("<svg/><svg/>", "a second root"),
        ("<svg><title>a & b</title></svg>", "an entity"),
        ("<!DOCTYPE svg><svg/>", "an element: !DOCTYPE"),
        ("<svg width=1></svg>", "an attribute: width=1"),
    ] {
        assert_eq!(fault_in(svg), Some(fault.to_owned()), "{svg}");
    }
    assert_eq!(fault_in("<svg width=\"1\">\n<g fill=\"none\"><path d=\"M0 0\"/></g></svg>\n"), None);
}

/// The file name of a drawing, without hash and ending.
fn name_of(path: &str) -> &str {
    path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or(path)
}

/// What keeps a document from being well-formed XML of [`ELEMENTS`] and [`ATTRIBUTES`] alone.
fn fault_in(svg: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut roots = 0;
    if svg.contains('&') {
        return Some("an entity".to_owned());
    }
    for piece in svg.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(opened) if opened == name => continue,
                opened => return Some(format!("not closed: {}", opened.unwrap_or(name))),
            }
        }
        let (name, rest) =
            tag.trim_end_matches('/').split_once(' ').unwrap_or((tag.trim_end_matches('/'), ""));
        if !ELEMENTS.contains(&name) {
            return Some(format!("an element: {name}"));
        }
        if let Some(fault) = fault_in_attributes(rest) {
            return Some(fault);
        }
        roots += usize::from(open.is_empty());
        if roots > 1 {
            return Some("a second root".to_owned());
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    open.pop().map(|name| format!("not closed: {name}"))
}

/// What is wrong with `name="value" name="value"`.
fn fault_in_attributes(mut rest: &str) -> Option<String> {
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or((rest, ""));
        if !ATTRIBUTES.contains(&name) {
            return Some(format!("an attribute: {name}"));
        }
        let (value, after) = after.split_once('"').unwrap_or((after, "\""));
        if value.contains("url(") {
            return Some("a reference".to_owned());
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    None
}
