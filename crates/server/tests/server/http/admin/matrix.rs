//! Every route, method and role: who may do what.

use std::collections::BTreeSet;

use super::Site;
use crate::support::{App, Browser, SUPERUSER, VIEWER};

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    Nobody,
    Viewer,
    Superuser,
}

/// A path, whether a viewer may read it, and what may be posted to it by whom. `None`: not that method.
struct Route {
    path: &'static str,
    read: Option<Who>,
    write: Option<(Who, &'static [(&'static str, &'static str)])>,
}

const ROUTES: &[Route] = &[
    Route { path: "/admin/", read: Some(Who::Viewer), write: None },
    Route { path: "/admin/comics/", read: Some(Who::Viewer), write: None },
    Route { path: "/admin/comics/export.csv", read: Some(Who::Viewer), write: None },
    Route { path: "/admin/history/", read: Some(Who::Viewer), write: None },
    Route {
        path: "/admin/comics/1000001/",
        read: Some(Who::Viewer),
        write: Some((Who::Superuser, &[("views", "77"), ("seen", "1"), ("version", "0")])),
    },
    Route {
        path: "/admin/comics/add/",
        read: Some(Who::Superuser),
        write: Some((Who::Superuser, &[("number", "1000009"), ("views", "7")])),
    },
    Route {
        path: "/admin/comics/bulk/",
        read: None,
        write: Some((
            Who::Superuser,
            &[("action", "delete"), ("confirmed", "yes"), ("row", "1000002.0.2"), ("row", "1000003.0.3")],
        )),
    },
    Route {
        path: "/admin/accounts/",
        read: Some(Who::Superuser),
        write: Some((Who::Superuser, &[("username", "vera"), ("action", "deactivate")])),
    },
    Route {
        path: "/admin/password/",
        read: Some(Who::Viewer),
        write: Some((Who::Viewer, &[("current", "x"), ("new", "x"), ("again", "x")])),
    },
    Route { path: "/admin/logout/", read: None, write: Some((Who::Viewer, &[])) },
];

on_any_store! {
    reading_is_for_those_who_are_signed_in_and_may,
    writing_is_refused_to_those_who_may_not_and_without_a_token,
}

#[test]
fn every_route_of_the_admin_site_is_here() {
    let source = include_str!("../../../../src/admin.rs");
    // A route's name, which it can't do without, is its path.
    let named: BTreeSet<_> = source.split('"').filter(|text| text.starts_with("/admin/")).collect();
    assert!(named.len() > 8, "{named:?}");
    let here = ROUTES.iter().map(|route| match route.path {
        "/admin/comics/1000001/" => "/admin/comics/{number}/",
        path => path,
    });
    // What everybody may do has tests of its own.
    assert_eq!(here.chain(["/admin/login/"]).collect::<BTreeSet<_>>(), named);
}

fn may(who: Who, needed: Who) -> bool {
    who as u8 >= needed as u8
}

/// All that may not be changed by who may not, as a superuser sees it.
fn contents(app: &App) -> Vec<String> {
    let mut superuser = Browser::signed_in(app, SUPERUSER);
    let paths = ["comics/", "history/", "accounts/", "comics/1000001/", "comics/export.csv"];
    let pages = paths.map(|path| superuser.get(&format!("/admin/{path}")).text());
    // Tokens are others on each page.
    let lines = pages.iter().flat_map(|page| page.lines()).filter(|line| !line.contains("csrf_token"));
    lines.map(str::to_owned).collect()
}

fn reading_is_for_those_who_are_signed_in_and_may(app: &App) {
    let browsers = browsers(app);
    for route in ROUTES {
        for (who, browser) in &browsers {
            for method in ["GET", "HEAD"] {
                let answer = browser.clone().send(method, route.path, None);
                let expected = match route.read {
                    None => 405,
                    Some(_) if *who == Who::Nobody => 303,
                    Some(needed) if may(*who, needed) => 200,
                    Some(_) => 403,
                };
                assert_eq!(answer.status, expected, "{who:?} {method} {}", route.path);
            }
        }
    }
}

fn writing_is_refused_to_those_who_may_not_and_without_a_token(app: &App) {
    let browsers = browsers(app);
    let of_another_session = Browser::signed_in(app, SUPERUSER).token("/admin/");
    let before = contents(app);
    for route in ROUTES {
        for (who, browser) in &browsers {
            let mut tokens = vec![String::new(), "x".to_owned(), of_another_session.clone()];
            let allowed = route.write.is_some_and(|(needed, _)| may(*who, needed));
            if *who != Who::Nobody && !allowed {
                tokens.push(browser.clone().token("/admin/"));
            }
            for token in tokens {
                let mut fields = vec![("csrf_token", token.as_str())];
                fields.extend(route.write.map_or(&[][..], |(_, fields)| fields));
                let answer = browser.clone().post(route.path, &fields);
                let expected = match route.write {
                    None => 405,
                    Some(_) if *who == Who::Nobody => 303,
                    Some(_) => 403,
                };
                assert_eq!(answer.status, expected, "{who:?} POST {} {token:?}", route.path);
            }
        }
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = browsers[2].1.clone().send(method, route.path, None);
            assert_eq!(answer.status, 405, "{method} {}", route.path);
        }
    }
    assert_eq!(contents(app), before);
    for (who, mut browser) in browsers {
        assert_eq!(
            browser.get("/admin/").status,
            if who == Who::Nobody { 303 } else { 200 },
            "{who:?} is out"
        );
    }
}

#[test]
fn writing_is_done_for_those_who_may() {
    for route in ROUTES {
        let Some((needed, fields)) = route.write else { continue };
        let site = Site::with_rows(5);
        for (who, browser) in browsers(&site.app) {
            if !may(who, needed) || who == Who::Nobody {
                continue;
            }
            let answer = browser.clone().submit("/admin/", route.path, fields);
            let expected = if route.path == "/admin/password/" { 422 } else { 303 };
            assert_eq!(answer.status, expected, "{who:?} {}: {}", route.path, answer.text());
        }
    }
}

#[test]
fn what_is_not_there_is_not_found_whoever_asks() {
    let site = Site::with_rows(1);
    for (_, browser) in browsers(&site.app) {
        for path in ["/admin/nowhere", "/admin/comics/1000001/x/", "/admin/comics/export.xls", "/admin//"] {
            assert_eq!(browser.clone().get(path).status, 404, "{path}");
        }
        assert_eq!(browser.clone().get("/admin").header("location"), Some("/admin/"));
    }
    for path in ["/admin/comics/1000002/", "/admin/comics/404/", "/admin/comics/x/", "/admin/comics/-1/"] {
        assert_eq!(site.superuser().get(path).status, 404, "{path}");
    }
}

fn browsers(app: &App) -> [(Who, Browser); 3] {
    [
        (Who::Nobody, Browser::of(app)),
        (Who::Viewer, Browser::signed_in(app, VIEWER)),
        (Who::Superuser, Browser::signed_in(app, SUPERUSER)),
    ]
}
