//! `/`, `/N/`, `/N`: the comics' pages, and where they lead.

use super::{built_in, built_in_numbers, of_comics};
use crate::support::Answer;

#[test]
fn a_comic_has_a_page_under_its_number() {
    let page = of_comics(3_200).get("/353/");
    assert_eq!((page.status, page.comic(), page.views()), (200, 353, Some(1)));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    let text = page.text();
    assert!(text.contains("<h1>#353 | <bdi>Title 353</bdi></h1>"), "{text}");
    assert!(text.contains(r#"<img src="https://imgs.xkcd.com/comics/comic_353.png""#), "{text}");
    assert!(text.contains("Caption 353</figcaption>"), "{text}");
    assert!(text.contains(r#"<time datetime="2008-04-01">1 April 2008</time>"#), "{text}");
    assert!(text.contains("https://creativecommons.org/licenses/by-nc/2.5/"), "{text}");
}

#[test]
fn the_front_page_is_a_comic_with_its_permalink() {
    let app = of_comics(3_200);
    let page = app.get("/");
    let number = page.comic();
    assert!((1..=3_200).contains(&number) && page.views() == Some(1), "{number}");
    assert!(page.text().contains(&format!(r#"id="permalink" href="/{number}/""#)));
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    assert_eq!(app.get(&format!("/{number}/")).views(), Some(2), "it is the same comic's count");
}

#[test]
fn the_page_of_a_comic_leads_to_its_neighbours() {
    let app = of_comics(3_200);
    assert_eq!(steps(&app.get("/100/")), ["/1/", "/99/", "/101/", "/3200/"]);
    assert_eq!(steps(&app.get("/1/")), ["/2/", "/3200/"]);
    assert_eq!(steps(&app.get("/3200/")), ["/1/", "/3199/"]);
    assert_eq!(steps(&app.get("/403/")), ["/1/", "/402/", "/405/", "/3200/"]);
    assert_eq!(steps(&app.get("/405/")), ["/1/", "/403/", "/406/", "/3200/"]);
}

#[test]
fn a_number_without_its_slash_leads_to_the_page() {
    let app = of_comics(3_200);
    for (path, location) in
        [("/353", "/353/"), ("/353?next=//evil.example", "/353/"), ("/1000001", "/1000001/")]
    {
        let answer = app.get(path);
        assert_eq!((answer.status, answer.header("location")), (308, Some(location)), "{path}");
        assert!(answer.body.is_empty());
    }
}

#[test]
fn a_query_changes_nothing() {
    let app = of_comics(3_200);
    assert_eq!(app.get("/353/?utm_source=x").comic(), 353);
    assert_eq!(app.get("/?q=%ff%00").status, 200);
}

#[test]
fn every_comic_that_comes_with_the_app_has_a_page_and_a_drawing() {
    let app = built_in();
    let numbers = built_in_numbers(&app);
    assert!(numbers.len() >= 12, "{numbers:?}");
    for number in numbers {
        let page = app.get(&format!("/{number}/"));
        let text = page.text();
        assert_eq!((page.comic(), page.views()), (number, Some(1)));
        assert!(text.contains("comes with the app") && !text.contains("Munroe"), "{text}");
        let (_, image) = text.split_once(r#"<img src="/static/comics/"#).unwrap();
        let drawing = app.get(&format!("/static/comics/{}", image.split('"').next().unwrap()));
        assert_eq!((drawing.status, drawing.header("content-type")), (200, Some("image/svg+xml")));
        assert!(drawing.text().starts_with("<svg") || drawing.text().starts_with("<?xml"));
    }
}

#[test]
fn comics_of_the_app_have_their_pages_beside_those_of_xkcd_and_lead_to_each_other() {
    let app = of_comics(3_200);
    let page = app.get("/1000002/");
    assert_eq!(page.comic(), 1_000_002);
    assert_eq!(steps(&page)[..3], ["/1000001/", "/1000001/", "/1000003/"]);
}

/// Where the row of first, previous, next and latest leads.
fn steps(page: &Answer) -> Vec<String> {
    let text = page.text();
    let links = text.split(r#"<a class="step""#).skip(1).map(|link| link.split('>').next().unwrap());
    links.filter_map(|link| Some(link.split_once("href=\"")?.1.trim_end_matches('"').to_owned())).collect()
}
