//! What clients and xkcd.com may send: shown as text, taken as values, never more.

use std::time::Duration;

use serde_json::json;

use super::Site;
use crate::support::{Browser, StubUpstream, document, percent, until};

const MARKUP: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'";

#[track_caller]
fn assert_inert(page: &str, place: &str) {
    for live in ["<script>", "<img src=x", "onerror=alert(2)>"] {
        assert!(!page.contains(live), "{place}: {live} in {page}");
    }
}

#[test]
fn a_title_of_markup_is_text_on_every_page_and_a_formula_is_text_in_the_export() {
    let titled = |number: u32, title: &str| {
        let mut document = document(number);
        document["title"] = json!(title);
        document["safe_title"] = json!(title);
        document
    };
    let upstream =
        StubUpstream::with_documents(vec![titled(7, MARKUP), titled(8, "=HYPERLINK(\"http://evil\")")]);
    let site = Site::of(|launch| launch.upstream(&upstream));
    until("the comics are known", Duration::from_secs(5), || {
        site.app.get("/7/").status == 200 && site.app.get("/8/").status == 200
    });
    let mut browser = site.superuser();
    let path = "/admin/comics/7/";
    let seen =
        site.database().number("SELECT view_count FROM comic_views WHERE comic_number = 7").to_string();
    assert_eq!(browser.submit(path, path, &[("seen", &seen), ("version", "0"), ("views", "50")]).status, 303);
    for path in ["/admin/", "/admin/comics/", path, "/admin/history/", "/admin/history/?comic=7"] {
        let page = browser.get(path).text();
        assert_inert(&page, path);
        assert!(page.contains("&lt;script&gt;"), "{path}: {page}");
    }
    let rows = [("action", "delete"), ("row", "7.1.50")];
    assert_inert(&browser.submit("/admin/", "/admin/comics/bulk/", &rows).text(), "confirm");
    let export = browser.get("/admin/comics/export.csv").text();
    assert!(export.contains("8,\"'=HYPERLINK(\"\"http://evil\"\")\","), "{export}");
    assert_eq!(browser.get("/admin/comics/?q=alert").text().matches("Select 7\"").count(), 1);
}

#[test]
fn markup_in_whatever_is_sent_is_not_shown_as_markup() {
    let site = Site::with_rows(2);
    let sent = percent(MARKUP);
    let mut browser = site.superuser();
    for path in [
        format!("/admin/comics/?q={sent}&least={sent}&most={sent}&order={sent}&after={sent}&done={sent}"),
        format!("/admin/comics/?q={sent}&order=-views"),
        format!("/admin/history/?comic={sent}&before={sent}"),
        format!("/admin/?done={sent}"),
        format!("/admin/comics/{sent}/"),
        format!("/admin/login/?next={sent}&username={sent}"),
        format!("/admin/login/?next=/{sent}"),
        format!("/admin/{sent}"),
    ] {
        assert_inert(&browser.get(&path).text(), &path);
    }
    let field = |name| [(name, MARKUP), ("action", "delete"), ("seen", "1"), ("version", "0")];
    for (path, name) in [
        ("/admin/comics/1000001/", "views"),
        ("/admin/comics/add/", "number"),
        ("/admin/comics/add/", "views"),
        ("/admin/comics/bulk/", "row"),
        ("/admin/accounts/", "username"),
        ("/admin/password/", "current"),
        ("/admin/password/", "new"),
    ] {
        assert_inert(&browser.submit("/admin/", path, &field(name)).text(), path);
        assert_inert(&browser.post(path, &field(name)).text(), path);
    }
    for name in ["username", "next", "csrf_token"] {
        assert_inert(&Browser::of(&site.app).post("/admin/login/", &[(name, MARKUP)]).text(), name);
    }
}

#[test]
fn sql_in_whatever_is_sent_is_a_value() {
    let site = Site::with_rows(3);
    let mut browser = site.superuser();
    let whole = "SELECT (SELECT sum(comic_number + view_count + version) FROM comic_views)
                      + (SELECT count(*) FROM accounts) + (SELECT count(*) FROM view_history)";
    let before = site.database().number(whole);
    for sql in [
        "'; DELETE FROM comic_views; --",
        "1 OR 1=1",
        "1000001' OR '1'='1",
        "1); DROP TABLE accounts; --",
        "\\'; UPDATE accounts SET role='superuser'; --",
        "1 UNION SELECT password_hash FROM accounts",
    ] {
        let sent = percent(sql);
        for name in ["q", "least", "most", "order", "after", "before", "done"] {
            for path in ["/admin/comics/", "/admin/comics/export.csv"] {
                let answer = browser.get(&format!("{path}?{name}={sent}"));
                let expected = if ["least", "most"].contains(&name) { 400 } else { 200 };
                assert_eq!(answer.status, expected, "{path} {name}");
                assert!(!answer.text().contains("argon2"), "{path} {name}");
            }
        }
        for path in [format!("/admin/history/?comic={sent}"), format!("/admin/history/?before={sent}")] {
            assert_eq!(browser.get(&path).status, 400, "{path}");
        }
        assert_eq!(browser.get(&format!("/admin/comics/{sent}/")).status, 404);
        for (path, fields, status) in [
            ("/admin/comics/1000001/", vec![("views", sql), ("seen", "1"), ("version", "0")], 422),
            ("/admin/comics/1000001/", vec![("views", "5"), ("seen", sql), ("version", "0")], 404),
            ("/admin/comics/1000001/", vec![("views", "5"), ("seen", "1"), ("version", sql)], 404),
            ("/admin/comics/add/", vec![("number", sql), ("views", "1")], 422),
            ("/admin/comics/bulk/", vec![("action", "delete"), ("confirmed", "yes"), ("row", sql)], 404),
            ("/admin/accounts/", vec![("action", "promote"), ("username", sql)], 404),
        ] {
            assert_eq!(browser.submit("/admin/", path, &fields).status, status, "{path} {sql}");
        }
    }
    for name in ["ada' --", "ada'; DELETE FROM accounts; --", "' OR '1'='1"] {
        assert_eq!(Browser::of(&site.app).sign_in(name, "x' OR '1'='1").status, 403, "{name}");
    }
    assert_eq!(site.database().number(whole), before);
}
