//! The deck cookie: a walk through all comics that shows none twice.

use std::collections::BTreeSet;

use super::{built_in, built_in_numbers, of_comics};
use crate::support::{App, Launch};

#[test]
fn a_visitor_sees_each_comic_once_in_every_deck() {
    let app = of_comics(60);
    let mut visitor = Visitor::of(&app);
    for _ in 0..3 {
        assert_eq!(visitor.see(60), (1..=60).collect());
    }
}

#[test]
fn a_visitor_sees_each_comic_of_the_app_once_in_every_deck() {
    let app = built_in();
    let all: BTreeSet<_> = built_in_numbers(&app).into_iter().collect();
    let mut visitor = Visitor::of(&app);
    for _ in 0..3 {
        assert_eq!(visitor.see(all.len()), all);
    }
}

#[test]
fn two_visitors_walk_in_different_orders() {
    let app = of_comics(60);
    let walk = |mut visitor: Visitor<'_>| (0..20).map(|_| visitor.next()).collect::<Vec<_>>();
    assert_ne!(walk(Visitor::of(&app)), walk(Visitor::of(&app)));
}

#[test]
fn the_same_cookie_gives_the_same_comic_so_that_only_an_answer_moves_the_deck() {
    let app = of_comics(60);
    let deck = app.get("/").deck().unwrap();
    let next = || app.request("GET", "/", &[("Cookie", &deck)]).comic();
    let first = next();
    for headers in [&[("Cookie", deck.as_str())][..], &[("Cookie", &deck), ("Sec-Purpose", "prefetch")]] {
        for method in ["HEAD", "GET"] {
            if method == "HEAD" || headers.len() == 2 {
                assert_eq!(app.request(method, "/", headers).deck(), None, "{method} {headers:?}");
            }
        }
    }
    assert_eq!(next(), first);
}

#[test]
fn the_cookie_holds_no_identity_and_no_script_can_read_it() {
    let answer = built_in().get("/");
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(attributes(cookie), ["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax"]);
    assert!(cookie.starts_with("xkcdapp_deck=1."), "{cookie}");
    assert!(cookie.split(';').next().unwrap().len() < 60, "{cookie}");
}

#[test]
fn behind_https_the_cookie_is_secure() {
    let app = Launch::development().set("XKCDAPP_PUBLIC_URL", "https://xkcd.example.org").start();
    let answer = app.request("GET", "/", &[("Host", "xkcd.example.org")]);
    assert!(attributes(answer.header("set-cookie").unwrap()).contains(&"Secure"));
}

#[test]
fn only_the_random_page_sets_the_cookie() {
    let app = built_in();
    for path in
        ["/1000001/", "/1000001", "/nowhere", "/robots.txt", "/health/live", "/version", "/favicon.ico"]
    {
        assert_eq!(app.get(path).header("set-cookie"), None, "{path}");
    }
}

#[test]
fn a_cookie_that_was_tampered_with_gives_a_new_deck() {
    let app = of_comics(60);
    for value in [
        "",
        "1",
        "1.x.y",
        "2.1-60-1.",
        "1.1-4000000000-1.",
        "1.ffffffffffffffffff-60-1.",
        "1.1-60-99.",
        "\u{e9}",
    ] {
        let answer = app.request("GET", "/", &[("Cookie", &format!("xkcdapp_deck={value}"))]);
        assert_eq!(answer.status, 200, "{value}");
        assert!(answer.deck().is_some() && (1..=60).contains(&answer.comic()), "{value}");
    }
}

/// The attributes of a cookie, in order.
fn attributes(cookie: &str) -> Vec<&str> {
    let mut attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    attributes.sort_unstable();
    attributes
}

/// A browser that keeps the deck cookie.
struct Visitor<'a> {
    app: &'a App,
    deck: Option<String>,
}

impl<'a> Visitor<'a> {
    fn of(app: &'a App) -> Self {
        Self { app, deck: None }
    }

    fn next(&mut self) -> u32 {
        let deck = self.deck.take();
        let headers: Vec<_> = deck.iter().map(|deck| ("Cookie", deck.as_str())).collect();
        let answer = self.app.request("GET", "/", &headers);
        self.deck = answer.deck();
        answer.comic()
    }

    /// The comics of as many visits, none of them seen twice.
    #[track_caller]
    fn see(&mut self, visits: usize) -> BTreeSet<u32> {
        let mut seen = BTreeSet::new();
        for _ in 0..visits {
            let comic = self.next();
            assert!(seen.insert(comic), "{comic} came twice");
        }
        seen
    }
}
