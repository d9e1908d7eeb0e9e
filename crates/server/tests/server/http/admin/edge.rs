//! What holds for every answer of the admin site.

use super::Site;
use crate::support::{Browser, Launch, PASSWORD, SUPERUSER};

#[test]
fn nothing_is_kept_framed_or_sniffed() {
    let site = Site::with_rows(1);
    let mut browser = site.superuser();
    let nobody = Browser::of(&site.app);
    for path in [
        "/admin",
        "/admin/",
        "/admin/login/",
        "/admin/comics/",
        "/admin/comics/1000001/",
        "/admin/comics/export.csv",
        "/admin/history/",
        "/admin/accounts/",
        "/admin/nowhere",
        "/admin/logout/",
    ] {
        for answer in [browser.get(path), nobody.clone().get(path)] {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        }
    }
}

#[test]
fn every_page_has_one_form_to_sign_out_and_no_inline_scripts_or_styles() {
    let site = Site::with_rows(3);
    let mut browser = site.superuser();
    for path in [
        "/admin/",
        "/admin/comics/",
        "/admin/comics/1000001/",
        "/admin/comics/add/",
        "/admin/history/",
        "/admin/accounts/",
        "/admin/password/",
    ] {
        let page = browser.get(path).text();
        assert_eq!(page.matches(r#"<form method="post" action="/admin/logout/">"#).count(), 1, "{path}");
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onclick"), "{path}");
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=").count());
    }
}

#[test]
fn over_plain_http_it_is_closed_where_it_could_be_overheard() {
    let site = Site::of(|launch| launch.set("XKCDAPP_PUBLIC_URL", "http://xkcd.example.org"));
    let mut browser = Browser::of(&site.app).header("Host", "xkcd.example.org");
    for path in ["/admin/", "/admin/login/", "/admin/comics/"] {
        let answer = browser.get(path);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{path}");
        assert!(answer.text().contains("XKCDAPP_PUBLIC_URL"), "{}", answer.text());
    }
    let fields = [("username", SUPERUSER), ("password", PASSWORD)];
    assert_eq!(browser.post("/admin/login/", &fields).status, 403);
    assert_eq!(browser.get("/").status, 200);
}

#[test]
fn over_plain_http_only_a_browser_on_this_machine_is_let_in() {
    let site = Site::of(|launch| launch.set("XKCDAPP_ALLOWED_HOSTS", "192.168.1.7,localhost"));
    let mut elsewhere = Browser::of(&site.app).header("Host", "192.168.1.7:8000");
    for path in ["/admin/", "/admin/login/"] {
        let answer = elsewhere.get(path);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{path}");
    }
    let fields = [("username", SUPERUSER), ("password", PASSWORD)];
    assert_eq!(elsewhere.post("/admin/login/", &fields).status, 403);
    assert_eq!(elsewhere.get("/").status, 200);
    assert_eq!(Browser::of(&site.app).sign_in(SUPERUSER, PASSWORD).status, 303);
}

#[test]
fn a_form_of_another_site_changes_nothing_for_who_is_signed_in() {
    let site = Site::with_rows(1);
    let mut browser = site.superuser();
    let token = browser.token("/admin/comics/1000001/");
    let fields = [("csrf_token", token.as_str()), ("seen", "1"), ("version", "0"), ("views", "77")];
    for (name, value) in
        [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        let answer = browser.clone().header(name, value).post("/admin/comics/1000001/", &fields);
        assert_eq!(answer.status, 403, "{name}: {value}");
        assert!(answer.text().contains("came from elsewhere"), "{}", answer.text());
    }
    assert_eq!(site.database().number("SELECT view_count FROM comic_views"), 1);
    let mut own = browser.header("Origin", "http://localhost").header("Sec-Fetch-Site", "same-origin");
    assert_eq!(own.post("/admin/comics/1000001/", &fields).status, 303);
}

#[test]
fn forms_are_bounded_and_have_to_be_forms() {
    let site = Site::new();
    let mut browser = Browser::of(&site.app);
    let huge = "x".repeat(100_000);
    assert_eq!(browser.post("/admin/login/", &[("username", &huge)]).status, 413);
    let mut other = Browser::of(&site.app);
    assert_eq!(other.send("POST", "/admin/login/", None).status, 415);
    assert_eq!(site.superuser().send("POST", "/admin/comics/bulk/", None).status, 415);
}

#[test]
fn comic_pages_know_nothing_of_it() {
    let site = Site::new();
    let mut browser = site.superuser();
    let before = site.database().number("SELECT max(expires_at_ms) FROM sessions");
    let answer = browser.get("/1000001/");
    assert_eq!(answer.header("set-cookie"), None);
    assert!(!answer.text().contains("ada") && !answer.text().contains("/admin/"), "{}", answer.text());
    assert_eq!(site.database().number("SELECT max(expires_at_ms) FROM sessions"), before);
}

#[test]
fn attempts_to_sign_in_are_counted_and_logged_without_names() {
    let metrics = crate::support::free_address();
    let site = Site::of(|launch| launch.set("XKCDAPP_METRICS_LISTEN", metrics.to_string()));
    let mut browser = Browser::of(&site.app);
    browser.sign_in("a-password-typed-too-early", "wrong-wrong-wrong");
    browser.sign_in(SUPERUSER, PASSWORD);
    let mut scraper = crate::support::Connection::open(metrics).unwrap();
    let text = scraper.request("GET", "/metrics", &[]).unwrap().text();
    for line in [
        r#"xkcdapp_sign_in_total{result="ok"} 1"#,
        r#"xkcdapp_sign_in_total{result="refused"} 1"#,
        r#"xkcdapp_sign_in_total{result="throttled"} 0"#,
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    site.app.logged("the sign-in", |line| line["event"] == "admin.sign_in" && line["result"] == "ok");
    let log: String = site.app.log().iter().map(ToString::to_string).collect();
    for secret in
        ["a-password-typed-too-early", "wrong-wrong-wrong", PASSWORD, &browser.cookies["xkcdapp_session"]]
    {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn a_store_that_is_locked_is_told_as_such_and_signs_nobody_out() {
    let site = Site::with_rows(1);
    let mut browser = site.superuser();
    let lock = crate::support::Database::lock(site.folder());
    let answer = browser.get("/admin/comics/");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some() && answer.header("set-cookie").is_none());
    assert!(!answer.text().to_lowercase().contains("sqlite") && !answer.text().contains("locked"));
    assert!(answer.text().contains("can’t be shown"), "{}", answer.text());
    // Nobody knows what became of what was sent.
    let sent = browser.post("/admin/comics/1000001/", &[("views", "7")]);
    assert_eq!(sent.status, 503);
    assert!(sent.text().contains("not known whether that was done"), "{}", sent.text());
    drop(lock);
    assert_eq!(browser.get("/admin/comics/").status, 200);
}

#[test]
fn without_any_account_nobody_gets_in() {
    let app = Launch::development().start();
    assert_eq!(Browser::of(&app).sign_in("admin", "admin").status, 403);
}
