//! What pages show, rendered from sample comics.

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use time::macros::{date, datetime};
use xkcd_domain::comic::{Comic, Sourced};

use super::*;
use crate::navigation::Navigation;

fn pages() -> Pages {
    Pages::new(&"https://xkcd.example.org".parse().unwrap(), &Assets::embedded()).unwrap()
}

fn comic() -> Comic {
    Comic {
        number: ComicNumber::try_from(353_u32).unwrap(),
        title: "<b>Tom & \u{202e}Jerry</b>".into(),
        caption: Some("if a < b && b > \"c\"".into()),
        transcript: Some("[[A cat]]\n<script>alert(1)</script>".into()),
        image: Some("https://imgs.xkcd.com/comics/cat_(1).png".parse().unwrap()),
        link: Some("https://imgs.xkcd.com/comics/cat_large.png".parse().unwrap()),
        interactive: true,
        published: Some(date!(2007 - 12 - 05)),
    }
}

/// A comic of xkcd's that knows everything, and is stale.
fn shown() -> Sourced {
    let fetched_at = Some(datetime!(2026-01-02 03:04:05 UTC));
    Sourced { comic: Arc::new(comic()), fetched_at, stale: true }
}

fn fresh(comic: Comic) -> Sourced {
    Sourced { comic: Arc::new(comic), fetched_at: None, stale: false }
}

fn with_little() -> Sourced {
    fresh(Comic {
        number: ComicNumber::try_from(1_608_u32).unwrap(),
        caption: None,
        transcript: None,
        image: None,
        link: None,
        published: None,
        ..comic()
    })
}

fn of_the_app() -> Sourced {
    fresh(Comic {
        number: ComicNumber::FIRST_BUILT_IN,
        image: Some("/static/comics/a.svg".parse().unwrap()),
        link: None,
        interactive: false,
        ..comic()
    })
}

fn encounter(shown: &Sourced) -> Encounter {
    Encounter { shown: shown.clone(), navigation: Navigation::default(), stand_in: false }
}

fn rendered(shown: &Sourced) -> String {
    page_of(&encounter(shown), Some(3))
}

fn page_of(encounter: &Encounter, views: Option<u32>) -> String {
    let (pages, assets) = (pages(), Assets::embedded());
    text(pages.comic(encounter, &assets, views.map(Into::into), Encoding::Identity).unwrap())
}

fn text(page: Bytes) -> String {
    String::from_utf8(page.into()).unwrap()
}

fn error_page(on_xkcd: Option<u32>) -> String {
    let page = ErrorPage {
        status: 404,
        title: "There is no comic #404",
        advice: "Try a neighbour.",
        request_id: "abc123",
        on_xkcd,
        navigation: Navigation::around(404, range()),
    };
    pages().error(&page).unwrap()
}

fn range() -> Option<xkcd_domain::comic::ComicRange> {
    xkcd_domain::comic::ComicRange::new(ComicNumber::ONE, 3_000_u32.try_into().unwrap())
}

#[test]
fn no_template_names_an_asset_that_is_not_there() {
    for name in Templates::iter() {
        let source = Templates::get(&name).unwrap().data.into_owned();
        let text = with_asset_paths(&String::from_utf8(source).unwrap(), &Assets::embedded());
        assert!(!text.contains("asset:"), "{name} names an asset that is not there");
    }
}

#[test]
fn what_looks_like_markup_is_shown_as_text() {
    let html = page_of(&encounter(&shown()), Some(1_234_567));
    assert!(html.contains("#353 | <bdi>&lt;b&gt;Tom &amp; \u{202e}Jerry&lt;"), "{html}");
    assert!(!html.contains("<script>alert") && !html.contains("<b>"), "{html}");
    assert!(html.contains(r#"data-views="1234567""#) && html.contains("1,234,567"), "{html}");
    assert!(html.contains("https://imgs.xkcd.com/comics/cat_(1).png"), "{html}");
    assert!(html.contains("2026-01-02"), "{html}");
}

#[test]
fn a_page_without_a_count_has_no_element_for_it() {
    let html = page_of(&encounter(&shown()), None);
    assert!(!html.contains("data-views") && html.contains("not known right now"), "{html}");
}

#[test]
fn one_view_is_not_plural() {
    let html = page_of(&encounter(&shown()), Some(1));
    assert!(html.contains(r#"data-views="1">1 view</span>"#), "{html}");
}

#[test]
fn a_page_that_is_shown_again_is_the_same_but_for_what_changed() {
    let (pages, assets) = (pages(), Assets::embedded());
    let encounter = encounter(&shown());
    let page = |encounter: &Encounter, views: Option<u32>| {
        let page = |encoding| pages.comic(encounter, &assets, views.map(Into::into), encoding).unwrap();
        let mut unpacked = String::new();
        GzDecoder::new(&page(Encoding::Gzip)[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, text(page(Encoding::Identity)));
        unpacked
    };
    let first = page(&encounter, Some(2));

    assert_eq!(page(&encounter, Some(3)), first.replace(r#""2">2 views"#, r#""3">3 views"#));
    let without = first.replace(r#"<span data-views="2">2 views<"#, "<span>views: not known right now<");
    assert_eq!(page(&encounter, None), without);
    let corrected = Comic { title: "Corrected".into(), ..comic() };
    for changed in [
        Encounter { shown: Sourced { stale: false, ..shown() }, ..encounter.clone() },
        Encounter { shown: Sourced { comic: Arc::new(corrected), ..shown() }, ..encounter.clone() },
        Encounter { navigation: Navigation::around(353, range()), ..encounter.clone() },
        Encounter { stand_in: true, ..encounter.clone() },
    ] {
        assert_eq!(page(&changed, Some(2)), page_of(&changed, Some(2)));
        assert_ne!(page(&changed, Some(2)), first);
        assert_eq!(page(&encounter, Some(2)), first);
    }
}

#[test]
fn a_text_that_looks_like_the_marks_of_the_count_is_text() {
    let marked = Comic { title: "<counted><count><uncounted><end>".into(), ..comic() };
    let html = page_of(&encounter(&fresh(marked)), Some(5));
    assert!(html.contains("&lt;counted&gt;&lt;count&gt;&lt;uncounted&gt;&lt;end&gt;"), "{html}");
    assert!(html.contains(r#"data-views="5">5 views"#) && !html.contains("not known"), "{html}");
}

#[test]
fn a_comic_that_knows_little_has_no_empty_elements() {
    let html = rendered(&with_little());
    for absent in
        ["<figcaption", "fetchpriority", "<details", "<time", "This comic links to", "og:image", "href=\"\""]
    {
        assert!(!html.contains(absent), "{absent}: {html}");
    }
    assert!(html.contains("<figure>") && html.contains(r#"href="https://xkcd.com/1608/""#), "{html}");
}

#[test]
fn the_caption_stands_below_the_image_and_is_not_its_alternative() {
    let html = rendered(&shown());
    assert!(html.contains("<figcaption dir=\"auto\">if a &lt; b &amp;&amp; b &gt;"), "{html}");
    assert!(html.contains(r#"alt="Comic #353: "#) && !html.contains(r#"alt="if a"#), "{html}");
}

#[test]
fn an_image_leads_to_a_larger_one_and_another_link_is_named() {
    let html = rendered(&shown());
    assert!(
        html.contains(r#"<a class="sheet" href="https://imgs.xkcd.com/comics/cat_large.png">"#),
        "{html}"
    );
    assert!(!html.contains("This comic links to"), "{html}");

    let html = rendered(&fresh(Comic { link: Some("//xkcd.com/1506/".parse().unwrap()), ..comic() }));
    assert!(
        html.contains("This comic links to <a") && html.contains(r#"href="https://xkcd.com/1506/""#),
        "{html}"
    );
    assert!(html.contains(r#"<div class="sheet">"#), "{html}");
}

#[test]
fn a_comic_of_the_app_itself_credits_nobody_else() {
    let html = rendered(&of_the_app());
    assert!(html.contains("comes with the app") && html.contains("MIT OR Apache-2.0"), "{html}");
    for foreign in ["Munroe", "CC BY-NC", "explainxkcd"] {
        assert!(!html.contains(foreign), "{foreign}: {html}");
    }
    assert!(html.contains(r#"og:image" content="https://xkcd.example.org/static/comics/a.svg""#), "{html}");
}

#[test]
fn a_comic_of_xkcd_is_credited_and_explained() {
    let html = rendered(&shown());
    assert!(
        html.contains("Randall Munroe") && html.contains("https://creativecommons.org/licenses/by-nc/2.5/")
    );
    assert!(html.contains("https://www.explainxkcd.com/wiki/index.php/353"), "{html}");
}

#[test]
fn a_drawing_of_the_app_keeps_its_place_while_it_loads() {
    let mut assets = Assets::default();
    let drawing = r#"<svg xmlns="http://www.w3.org/2000/svg" width="700" height="420"></svg>"#;
    assets.insert("/static/comics/a.svg".into(), drawing.as_bytes().into());
    let shown = of_the_app();
    let html = text(pages().comic(&encounter(&shown), &assets, None, Encoding::Identity).unwrap());
    assert!(html.contains(r#"width="700" height="420""#), "{html}");
    assert!(!rendered(&shown).contains(r#"width="700""#));
}

#[test]
fn what_stands_in_and_what_is_stale_say_so() {
    let shown = shown();
    let page = |stand_in| page_of(&Encounter { stand_in, ..encounter(&shown) }, None);
    assert!(page(true).contains("here is a comic that comes with the app"));
    assert!(page(false).contains("as it was on <time datetime=\"2026-01-02\">2 January 2026</time>"));
    assert!(!rendered(&of_the_app()).contains("role=\"note\""));
}

#[test]
fn the_ends_have_no_dead_links() {
    let shown = shown();
    let at = |number| {
        page_of(&Encounter { navigation: Navigation::around(number, range()), ..encounter(&shown) }, None)
    };
    let (first, last) = (at(1), at(3_000));
    assert!(!first.contains(r#"rel="prev""#) && first.contains(r#"rel="next" href="/2/""#), "{first}");
    assert!(!last.contains(r#"rel="next""#) && last.contains(r#"rel="prev" href="/2999/""#), "{last}");
    assert_eq!(first.matches(r#"aria-disabled="true""#).count(), 2);
    assert_eq!(last.matches(r#"aria-disabled="true""#).count(), 2);
}

#[test]
fn another_one_is_a_link_that_no_page_prefetches() {
    for html in [rendered(&shown()), rendered(&of_the_app()), error_page(None)] {
        assert!(html.contains(r#"<a class="another" href="/">Another One</a>"#), "{html}");
        assert!(!html.contains("prefetch") && !html.contains("prerender"), "{html}");
    }
}

#[test]
fn every_page_does_without_inline_scripts_and_styles() {
    for html in [rendered(&shown()), rendered(&with_little()), rendered(&of_the_app()), error_page(Some(7))] {
        assert!(!html.contains("style=") && !html.contains("<style") && !html.contains("onclick="), "{html}");
        assert_eq!(html.matches("<script").count(), html.matches(r#"<script type="module" src=""#).count());
    }
}

#[test]
fn a_page_is_small() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(rendered(&shown()).as_bytes()).unwrap();
    assert!(gzip.finish().unwrap().len() < 2_500);
}

#[test]
fn an_error_page_has_its_request_id_and_ways_on() {
    let html = error_page(None);
    assert!(html.contains("abc123") && html.contains("/403/") && html.contains("/405/"), "{html}");
    assert!(!html.contains("https://xkcd.com/"), "{html}");
    assert!(error_page(Some(2_000)).contains(r#"href="https://xkcd.com/2000/""#));
}

#[test]
fn digits_are_grouped_in_threes() {
    assert_eq!([0, 12, 123, 1_234, 1_234_567].map(grouped), ["0", "12", "123", "1,234", "1,234,567"]);
}

#[test]
fn a_title_that_turns_the_direction_is_closed_in_where_no_element_does_it() {
    assert_eq!(isolated("a\u{202e}b"), "\u{2068}a\u{202e}b\u{2069}");
    assert_eq!(isolated("D&D"), "D&D");
}

#[test]
fn a_bar_is_as_long_as_its_part_and_always_to_be_seen() {
    let ranked: Vec<_> = [4_000_000_000_u32, 1_000_000_000, 1]
        .into_iter()
        .zip(1_u32..)
        .map(|(views, number)| (ComicNumber::try_from(number).unwrap(), views.into(), None))
        .collect();
    let html = pages().popular(&PopularPage::new(&ranked, None)).unwrap();
    for width in ["100.0", "25.0", "0.2"] {
        assert!(html.contains(&format!("<rect width=\"{width}\"")), "{html}");
    }
    assert!(html.contains(r#"<a href="/1/"><span class="number">#1</span></a>"#), "{html}");
}

#[test]
fn old_counts_say_since_when_they_are_old() {
    let html = pages().popular(&PopularPage::new(&[], Some(datetime!(2026-01-02 03:04:05 UTC)))).unwrap();
    assert!(html.contains("<time datetime=\"2026-01-02T03:04Z\">2 January 2026, 03:04 UTC</time>"), "{html}");
}

#[test]
fn an_archive_that_is_not_complete_says_so() {
    let comics = [Arc::new(comic())];
    let html = |known| pages().archive(&ArchivePage::new(&comics, known, false)).unwrap();
    assert!(html(3_000).contains("1 of 3,000 comics") && html(3_000).contains("not been collected yet"));
    assert!(html(1).contains("<span>1 comic</span>") && !html(1).contains("role=\"note\""));
}

/// A comic of a number, and perhaps of a year.
fn of_year(number: u32, year: Option<i32>) -> Arc<Comic> {
    let published = year.and_then(|year| Date::from_calendar_date(year, time::Month::May, 1).ok());
    Arc::new(Comic { number: number.try_into().unwrap(), published, ..comic() })
}

#[test]
fn every_year_has_one_place_in_the_archive_whatever_days_are_unknown_or_wrong() {
    let years = [None, Some(2010), Some(2011), None, Some(2011), Some(2010), Some(2012), None];
    let comics: Vec<_> = years.into_iter().zip(1..).map(|(year, number)| of_year(number, year)).collect();
    let html = pages().archive(&ArchivePage::new(&comics, 8, false)).unwrap();
    let sections: Vec<Vec<_>> =
        html.split("<h2>").skip(1).map(|it| it.split("href=\"/").skip(1).collect()).collect();
    let numbers = sections.iter().map(|it| it.iter().map(|link| &link[..1]).collect::<String>());
    assert_eq!(numbers.collect::<Vec<_>>(), ["87", "543", "621"], "{html}");
    for year in [2010, 2011, 2012] {
        assert_eq!(html.matches(&format!(r#"id="year-{year}""#)).count(), 1, "{html}");
    }
    let undated = pages().archive(&ArchivePage::new(&[of_year(1, None)], 1, false)).unwrap();
    assert!(undated.contains("href=\"/1/\"") && !undated.contains("year-"), "{undated}");
}

#[test]
fn addresses_for_other_sites_are_absolute() {
    for shown in [shown(), with_little(), of_the_app()] {
        let html = rendered(&shown);
        for mark in ["og:url", "og:image", "twitter:image"] {
            for rest in html.split(&format!("\"{mark}\" content=\"")).skip(1) {
                assert!(rest.starts_with("https://"), "{mark}: {html}");
            }
        }
        assert!(html.contains("\"og:url\" content=\"https://xkcd.example.org/"), "{html}");
    }
    assert_eq!(rendered(&shown()).matches("https://imgs.xkcd.com/comics/cat_(1).png").count(), 3);
}

#[test]
fn a_title_that_turns_the_direction_is_closed_in_wherever_a_template_shows_it() {
    let isolated = "\u{2068}&lt;b&gt;Tom &amp; \u{202e}Jerry&lt;";
    let html = rendered(&shown());
    for mark in [
        "<title>#353 | ",
        "og:title\" content=\"#353 | ",
        "twitter:title\" content=\"#353 | ",
        "alt=\"Comic #353: ",
    ] {
        assert!(html.contains(&format!("{mark}{isolated}")), "{mark}: {html}");
    }
    assert_eq!(
        html.matches('\u{202e}').count(),
        html.matches('\u{2068}').count() + 1,
        "the heading has <bdi>"
    );
    let feed = pages().feed(&FeedPage::new(&[Arc::new(comic())], None)).unwrap();
    for mark in ["<title>#353 | ", "alt=\"Comic #353: "] {
        assert!(feed.contains(&format!("{mark}{isolated}")), "{mark}: {feed}");
    }
}

proptest! {
    #[test]
    fn the_feed_is_xml_whatever_a_comic_says(
        title in prop::collection::vec(any_letter(), 0..20),
        caption in prop::collection::vec(any_letter(), 0..20),
    ) {
        let text = |letters: Vec<char>| letters.into_iter().collect::<String>();
        let comic = Comic { title: text(title), caption: Some(text(caption)), ..comic() };
        let feed = pages().feed(&FeedPage::new(&[Arc::new(comic)], None)).unwrap();
        prop_assert!(feed.contains("<entry>"));
        let read = roxmltree::Document::parse(&feed);
        prop_assert!(read.is_ok(), "{read:?}: {feed:?}");
    }
}

/// Any, and often one that XML or HTML take amiss.
fn any_letter() -> impl Strategy<Value = char> {
    let odd =
        vec!['<', '>', '&', '"', '\'', ']', '\0', '\u{1b}', '\u{85}', '\u{fffe}', '\u{ffff}', '\u{202e}'];
    prop_oneof![any::<char>(), prop::sample::select(odd)]
}

#[test]
fn a_feed_of_nothing_is_a_feed() {
    let feed = pages().feed(&FeedPage::new(&[], None)).unwrap();
    assert!(feed.contains("<updated>1970-01-01T00:00:00Z</updated>") && !feed.contains("<entry>"), "{feed}");
}
