//! What browsers load besides pages.

use std::collections::BTreeSet;

use super::edge::unzipped;
use super::{built_in, of_comics};
use crate::support::{Answer, App};

#[test]
fn a_page_of_another_release_gets_the_file_of_this_one_and_keeps_it_no_longer() {
    let site = built_in();
    let answer = site.get("/static/site.0123456789abcdef.css");
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    assert_eq!(answer.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(site.get("/static/other.0123456789abcdef.css").status, 404);
    assert_eq!(site.get("/static/site.0123456789abcde.css").status, 404);
}

#[test]
fn every_file_that_a_page_names_is_there_and_kept_for_ever() {
    let (xkcd, own) = (of_comics(3_200), built_in());
    for (app, path) in [(&xkcd, "/353/"), (&xkcd, "/404/"), (&own, "/1000001/"), (&own, "/nowhere")] {
        let files = files_of(&app.get(path).text());
        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            let answer = app.get(&file);
            assert_eq!(answer.status, 200, "{file}");
            assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{file}");
            assert_eq!(answer.header("content-type"), Some(type_of(&file)), "{file}");
        }
    }
}

#[test]
fn a_page_loads_nothing_from_elsewhere_but_the_image() {
    let page = of_comics(3_200).get("/353/").text();
    let loaded = page.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let foreign: Vec<_> = loaded.filter(|address| !address.starts_with("/static/")).collect();
    assert_eq!(foreign, ["https://imgs.xkcd.com/comics/comic_353.png"]);
}

#[test]
fn files_are_sent_compressed_ahead_of_time() {
    let app = built_in();
    let style = files_of(&app.get("/").text()).into_iter().find(|file| file.contains("/site.")).unwrap();
    let plain = app.get(&style);
    let gzip = app.request("GET", &style, &[("Accept-Encoding", "gzip")]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert!(gzip.header("content-length").is_some(), "not made for this answer");
    assert_eq!(unzipped(&gzip), plain.text());
    for answer in [&plain, &gzip] {
        assert!(answer.header("vary").unwrap().eq_ignore_ascii_case("accept-encoding"));
    }
}

#[test]
fn the_icon_is_where_browsers_look_for_it() {
    let icon = built_in().get("/favicon.ico");
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/x-icon")));
    assert_eq!(icon.header("cache-control"), Some("public, max-age=86400"));
    assert!(icon.body.starts_with(&[0, 0, 1, 0]), "an icon begins so");
}

#[test]
fn robots_may_read_pages_and_are_kept_out_of_the_data() {
    let robots = built_in().get("/robots.txt");
    let text = robots.text();
    assert_eq!(robots.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(text.contains("User-agent: *") && text.contains("Disallow: /api/"), "{text}");
    assert!(!text.lines().any(|line| line == "Disallow: /"), "{text}");
}

#[test]
fn a_head_is_answered_as_a_get_without_its_body() {
    let app = built_in();
    let style = files_of(&app.get("/").text()).pop_first().unwrap();
    for path in [
        "/robots.txt",
        "/favicon.ico",
        "/health/live",
        "/health/ready",
        "/version",
        "/1000001",
        "/nowhere",
        &style,
    ] {
        let (get, head) = (app.get(path), app.request("HEAD", path, &[]));
        let shown = |answer: &Answer| {
            let compared = ["content-type", "content-length", "cache-control", "location", "vary"];
            (answer.status, compared.map(|name| answer.header(name).map(str::to_owned)))
        };
        assert_eq!(shown(&head), shown(&get), "{path}");
    }
    assert_nothing_follows_a_head(&app);
}

#[track_caller]
fn assert_nothing_follows_a_head(app: &App) {
    let mut connection = crate::support::Connection::open(app.address).unwrap();
    for path in ["/", "/1000001/", "/nowhere", "/robots.txt"] {
        connection.request("HEAD", path, &[("Accept-Encoding", "gzip")]).unwrap();
        // A body in between would be taken for the next answer's head.
        assert_eq!(connection.request("GET", "/health/live", &[]).unwrap().status, 200, "{path}");
    }
}

/// The app's own files that a page names.
fn files_of(page: &str) -> BTreeSet<String> {
    let attributes = page.split(['"', '\'']).filter(|text| text.starts_with("/static/"));
    attributes.map(str::to_owned).collect()
}

fn type_of(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        ending => panic!("what is {ending}?"),
    }
}

#[test]
fn what_has_a_compressed_form_says_so_in_both_forms() {
    let app = built_in();
    let paths = ["/", "/1000001/", "/about/", "/popular/", "/archive/", "/feed.xml", "/robots.txt"];
    let wishes = ["gzip", "identity", "deflate"].into_iter().flat_map(|it| [("GET", it), ("HEAD", it)]);
    for path in paths {
        for (method, accepted) in wishes.clone() {
            let answer = app.request(method, path, &[("Accept-Encoding", accepted)]);
            let varies: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "vary").collect();
            assert_eq!(varies.len(), 1, "{method} {path}, {accepted}");
            assert_eq!(answer.header("vary"), Some("accept-encoding"), "{method} {path}, {accepted}");
        }
    }
}
