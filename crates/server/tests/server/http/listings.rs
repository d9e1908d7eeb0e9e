//! Pages that list comics: the most viewed, all, found ones, the feed.

use std::str::FromStr;

use atom_syndication::Feed;
use serde_json::json;

use super::{built_in, of_comics};
use crate::support::{App, Launch, StubUpstream, document, until};

/// An app over a few comics with texts of their own, all of them in memory.
fn with_texts() -> App {
    let mut cat = document(5);
    cat["title"] = json!("Cat & Mouse <i>");
    cat["alt"] = json!("It's \"raining\" cats]]> <script>");
    let mut dog = document(6);
    dog["title"] = json!("Dog");
    dog["year"] = json!("2011");
    let upstream = StubUpstream::answering(move |path, stream| {
        let number = path.trim_matches('/').split('/').next().and_then(|it| it.parse().ok()).unwrap_or(6);
        let of_number = match number {
            5 => cat.clone(),
            6 => dog.clone(),
            number => document(number),
        };
        crate::support::respond_json(stream, &of_number)
    });
    let app = Launch::development().upstream(&upstream).start();
    for number in 1..=6 {
        assert_eq!(app.get(&format!("/api/comics/{number}")).status, 200);
    }
    app
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &str, behind: &str) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(behind).next().unwrap()).collect()
}

#[test]
fn the_most_viewed_are_ranked_with_their_counts_and_bars() {
    let app = of_comics(50);
    assert!(app.get("/popular/").text().contains("No comic has been viewed yet"));
    for (comic, views) in [(7, 4), (9, 1), (3, 4)] {
        for _ in 0..views {
            app.get(&format!("/{comic}/"));
        }
    }
    until("the ranking was read again", std::time::Duration::from_secs(5), || {
        app.get("/popular/").text().contains("/9/")
    });
    let text = app.get("/popular/").text();
    assert_eq!(between(&text, "<li><a href=\"", "\""), ["/3/", "/7/", "/9/"]);
    assert_eq!(between(&text, "data-views=\"", "\""), ["4", "4", "1"]);
    assert_eq!(between(&text, "<rect width=\"", "\""), ["100.0", "100.0", "25.0"]);
    assert!(text.contains("<bdi>Title 3</bdi>") && text.contains(">1 view<"), "{text}");
}

#[test]
fn to_look_at_lists_and_to_read_the_api_is_no_view() {
    let app = of_comics(50);
    assert_eq!(app.get("/7/").views(), Some(1));
    for path in ["/popular/", "/archive/", "/search/?q=7", "/feed.xml", "/api/comics/7", "/api/popular"] {
        assert_eq!(app.get(path).status, 200, "{path}");
    }
    for _ in 0..20 {
        app.get("/api/comics/random");
    }
    assert_eq!(app.get("/7/").views(), Some(2));
}

#[test]
fn the_archive_lists_every_comic_by_year_the_newest_first() {
    let text = with_texts().get("/archive/").text();
    let links: Vec<_> = between(&text, "<li><a href=\"", "\"");
    assert_eq!(links, ["/6/", "/5/", "/4/", "/3/", "/2/", "/1/"]);
    assert_eq!(between(&text, "<h2>", "<"), ["2011", "2008"]);
    assert!(text.contains("<bdi>Cat &amp; Mouse &lt;i&gt;</bdi>"), "{text}");
    assert!(text.contains("6 comics"), "{text}");
}

#[test]
fn comics_of_the_app_stand_in_where_no_other_is_at_hand() {
    let app = Launch::development()
        .upstream(&StubUpstream::answering(|_, stream| {
            crate::support::respond(stream, "503 Service Unavailable", "text/html", b"")
        }))
        .start();
    for path in ["/archive/", "/search/?q=cache"] {
        let text = app.get(path).text();
        assert!(text.contains("href=\"/1000003/\""), "{path}: {text}");
    }
    assert!(app.get("/archive/").text().contains("xkcd.com can’t be reached"));
    let feed = app.get("/feed.xml");
    assert_eq!(
        (feed.status, feed.header("retry-after")),
        (503, Some("10")),
        "readers would keep them for ever"
    );
    assert!(!built_in().get("/archive/").text().contains("can’t be reached"));
}

#[test]
fn comics_are_found_by_number_title_and_caption() {
    let app = with_texts();
    let found = |query: &str| {
        let text = app.get(&format!("/search/?q={query}")).text();
        between(&text, "<h2><a href=\"/", "/\"").iter().map(|it| it.parse().unwrap()).collect::<Vec<u32>>()
    };
    assert_eq!(found("5"), [5]);
    assert!(found("%23404").is_empty());
    assert_eq!(found("mouse"), [5]);
    assert_eq!(found("its+RAINING"), [5]);
    assert_eq!(found("title"), [4, 3, 2, 1]);
    assert_eq!(found("title+caption+2"), [2]);
    assert!(found("zebra").is_empty());
    assert!(app.get("/search/?q=zebra").text().contains("No comic has all of these words"));
}

#[test]
fn many_found_comics_come_in_pages() {
    let app = built_in();
    let text = app.get("/search/?q=a&page=99").text();
    assert!(!text.contains("rel=\"next\""), "{text}");
    let app = of_comics(120);
    for number in 1..=120 {
        app.request("HEAD", &format!("/{number}/"), &[]);
    }
    let first = app.get("/search/?q=title").text();
    assert!(
        first.contains("120 comics") && first.contains("href=\"/search/?q=title&amp;page=2\""),
        "{first}"
    );
    assert_eq!(between(&first, "<h2><a href=\"", "\"").len(), 50);
    let last = app.get("/search/?q=title&page=3").text();
    assert_eq!(between(&last, "<h2><a href=\"", "\"").len(), 20);
    assert!(last.contains("page=2\"") && !last.contains("rel=\"next\""), "{last}");
}

#[test]
fn any_search_is_answered_and_its_words_are_shown_as_text() {
    let app = with_texts();
    for query in
        ["%00", "%ff%fe", "%", "q&q", "'%20OR%201=1--", "%F0%9F%98%80", "&page=-1", "x&page=99999999999999"]
    {
        assert_eq!(app.get(&format!("/search/?q={query}")).status, 200, "{query}");
    }
    let text = app.get("/search/?q=%3Cscript%3Ealert(1)%3C/script%3E%22onfocus=%22x").text();
    assert!(!text.contains("<script>") && !text.contains("\"onfocus"), "{text}");
    let text = app.get("/search/?q=%00cat%C2%85dog%EF%BF%BF").text();
    assert!(text.contains("value=\"cat dog\"") && !text.contains('\0'), "{text}");
    let long = app.get(&format!("/search/?q={}", "a".repeat(201)));
    assert_eq!(long.status, 400);
    assert!(long.text().contains("at most 200 characters") && long.text().contains("value=\"aaa"));
    assert_eq!(app.get(&format!("/search/?q={}", "%C3%A9".repeat(200))).status, 200);
}

#[test]
fn a_search_of_many_words_says_how_many_it_looks_for() {
    let app = with_texts();
    let said = "Only the first 8 different words were looked for.";
    assert!(!app.get("/search/?q=a+b+c+d+e+f+g+h+a").text().contains(said));
    assert!(app.get("/search/?q=a+b+c+d+e+f+g+h+i").text().contains(said));
}

#[test]
fn the_feed_is_atom_with_the_newest_comics_and_their_captions() {
    let answer = with_texts().get("/feed.xml");
    assert_eq!(answer.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    let feed = Feed::from_str(&answer.text()).unwrap();
    let titles: Vec<_> = feed.entries().iter().map(|it| it.title().as_str().to_owned()).collect();
    assert_eq!(titles[..3], ["#6 | Dog", "#5 | Cat & Mouse <i>", "#4 | Title 4"]);
    assert_eq!(feed.entries()[0].updated().to_rfc3339(), "2011-04-01T00:00:00+00:00");
    assert_eq!(feed.updated(), feed.entries()[0].updated());
    let cat = &feed.entries()[1];
    assert!(cat.id().starts_with("http://") && cat.id().ends_with("/5/"), "{}", cat.id());
    let content = cat.content().unwrap();
    let body = content.value().unwrap();
    assert!(body.contains("comic_5.png") && body.contains("cats]]&gt; &lt;script&gt;"), "{body}");
    assert_eq!(cat.authors()[0].name(), "Randall Munroe");
}

#[test]
fn the_feed_has_what_is_new_and_not_what_is_collected_late() {
    let app = of_comics(3_200);
    for number in [1, 3_180, 3_181, 3_190] {
        assert_eq!(app.get(&format!("/api/comics/{number}")).status, 200);
    }
    let feed = Feed::from_str(&app.get("/feed.xml").text()).unwrap();
    // Others of the newest twenty may have been collected meanwhile.
    let titles: Vec<_> = feed.entries().iter().map(|it| it.title().as_str()).collect();
    for new in ["#3200 | Title 3200", "#3190 | Title 3190", "#3181 | Title 3181"] {
        assert!(titles.contains(&new), "{titles:?}");
    }
    for old in ["#3180 | Title 3180", "#1 | Title 1"] {
        assert!(!titles.contains(&old), "{titles:?}");
    }
}

#[test]
fn the_feed_of_the_app_itself_credits_nobody_else() {
    let feed = Feed::from_str(&built_in().get("/feed.xml").text()).unwrap();
    assert_eq!(feed.entries().len(), 20);
    for entry in feed.entries() {
        assert_eq!(entry.authors()[0].name(), "XKCD App");
        assert!(!entry.content().unwrap().value().unwrap().contains("xkcd.com"));
    }
}

#[test]
fn who_has_the_archive_or_the_feed_is_told_that_it_is_still_good() {
    let app = built_in();
    for path in ["/archive/", "/feed.xml", "/popular/"] {
        let whole = app.request("GET", path, &[("Accept-Encoding", "gzip")]);
        assert_eq!(whole.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(whole.header("cache-control"), Some("no-cache"), "{path}");
        let tag = whole.header("etag").unwrap().to_owned();
        let again = app.request("GET", path, &[("If-None-Match", &tag)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
        assert_eq!(app.request("GET", path, &[("If-None-Match", "\"other\"")]).status, 200, "{path}");
    }
}

#[test]
fn lists_say_where_they_are_and_are_found_from_every_page() {
    let app = built_in();
    for (path, title) in [
        ("/popular/", "Most viewed"),
        ("/archive/", "All comics"),
        ("/search/", "Search"),
        ("/about/", "About"),
    ] {
        let text = app.get(path).text();
        assert!(text.contains(&format!("<h1 class=\"plain\">{title}</h1>")), "{text}");
        assert_eq!(text.matches("aria-current").count(), 1, "{path}");
        assert_eq!(text.matches(&format!("href=\"{path}\" aria-current=\"page\"")).count(), 1, "{path}");
        assert!(app.get("/").text().contains(&format!("href=\"{path}\"")));
    }
}
