//! What is not there, or can't be had: pages in the site's style that lead on.

use serde_json::json;

use super::{await_newest, built_in, of_comics};
use crate::support::{Database, Launch, StubUpstream, document, respond, respond_json};

#[test]
fn what_is_no_comic_and_no_file_is_not_found_and_never_redirected() {
    let app = of_comics(3_200);
    for path in [
        "/0/",
        "/0",
        "/007/",
        "/007",
        "/00/",
        "/-1/",
        "/+1/",
        "/1.5/",
        "/1x/",
        "/1//",
        "//1/",
        "//evil.example/",
        "/4294967297/",
        "/99999999999999999999999/",
        "/2147483648/",
        "/nowhere",
        "/index.html",
        "/%2e%2e/",
        "/%31/",
        "/.git/config",
        "/static/",
        "/static/site.css",
        "/static/../Cargo.toml",
        "/metrics",
    ] {
        let answer = app.get(path);
        // `%31` is another way to write 1, which some parts of a path are read as.
        let same = path == "/%31/" && answer.status == 200;
        assert!(answer.status == 404 || same, "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), None, "{path}");
    }
}

#[test]
fn an_error_has_a_page_of_the_site() {
    let app = built_in();
    for (method, path) in
        [("GET", "/nowhere"), ("GET", "/404/"), ("GET", "/0/"), ("POST", "/"), ("GET", "/static/x")]
    {
        let answer = app.request(method, path, &[]);
        let page = answer.text();
        assert!(page.contains(&format!(r#"<p class="status">{}</p>"#, answer.status)), "{page}");
        assert!(
            page.contains(r#"<header class="site">"#) && page.contains(r#"<a class="another" href="/">"#),
            "{page}"
        );
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn the_number_that_is_a_joke_leads_to_its_neighbours() {
    let answer = of_comics(3_200).get("/404/");
    let page = answer.text();
    assert_eq!(answer.status, 404);
    assert!(
        page.contains(r#"rel="prev" href="/403/""#) && page.contains(r#"rel="next" href="/405/""#),
        "{page}"
    );
}

#[test]
fn beyond_the_newest_comic_the_way_leads_back() {
    let app = of_comics(3_200);
    for path in ["/3201/", "/999999/"] {
        let answer = app.get(path);
        let page = answer.text();
        assert_eq!(answer.status, 404);
        assert!(
            page.contains(r#"rel="prev" href="/3200/""#) && !page.contains(r#"rel="next" href"#),
            "{page}"
        );
    }
    assert_eq!(app.get("/1999999/").status, 404, "nor is there one beyond those of the app");
}

#[test]
fn an_error_is_logged_under_the_id_that_its_page_shows() {
    let app = built_in();
    let answer = app.request("GET", "/nowhere", &[("X-Amzn-Trace-Id", "Root=1-67891233-abcdef")]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert!(answer.text().contains(&format!("<code>{id}</code>")));
    let line = app.logged("the request", |line| line["span"]["request.id"] == id.as_str());
    assert_eq!(
        [
            &line["event"],
            &line["http.path"],
            &line["http.status"],
            &line["http.method"],
            &line["client.address"]
        ],
        [&json!("request"), &json!("/nowhere"), &json!(404), &json!("GET"), &json!("127.0.0.1")]
    );
    assert_eq!(line["trace.id"], "Root=1-67891233-abcdef");
}

#[test]
fn a_client_writes_no_log_lines_of_its_own() {
    let app = built_in();
    let path = format!("/%0a%7b%22event%22:%22forged%22%7d{}", "x".repeat(5_000));
    assert_eq!(app.get(&path).status, 404);
    let line = app.logged("the request", |line| line["http.status"] == 404);
    assert!(line.to_string().len() < 1_000, "{line}");
    assert!(app.log().iter().all(|line| line["event"] != "forged"));
}

#[test]
fn a_page_that_went_well_is_logged_at_debug_only() {
    let quiet = built_in();
    quiet.get("/");
    quiet.get("/nowhere");
    quiet.logged("the later request", |line| line["http.status"] == 404);
    assert!(quiet.log().iter().all(|line| line["http.status"] != 200));

    let loud = Launch::development().set("XKCDAPP_LOG", "debug").start();
    loud.get("/1000001/");
    loud.logged("the page", |line| line["http.route"] == "/{number}/" && line["http.status"] == 200);
}

#[test]
fn the_client_is_taken_from_the_proxies_that_are_trusted() {
    let app = Launch::development().set("XKCDAPP_TRUSTED_PROXIES", "1").start();
    app.request("GET", "/nowhere", &[("X-Forwarded-For", "6.6.6.6, 203.0.113.7")]);
    let line = app.logged("the request", |line| line["event"] == "request");
    assert_eq!(line["client.address"], "203.0.113.7");
}

#[test]
fn a_comic_that_cannot_be_had_is_said_so_with_a_way_to_xkcd_and_not_counted() {
    let upstream = StubUpstream::answering(|path, stream| match path {
        "/info.0.json" => respond_json(stream, &document(3_200)),
        _ => respond(stream, "503 Service Unavailable", "text/html", b"<html>Guru Meditation</html>"),
    });
    let data = tempfile::tempdir().unwrap();
    let app = Launch::development().data(data.path()).upstream(&upstream).start();
    await_newest(&app);
    let answer = app.get("/7/");
    let page = answer.text();
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").unwrap().parse::<u32>().is_ok());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(
        page.contains(r#"href="https://xkcd.com/7/""#) && page.contains(r#"rel="next" href="/8/""#),
        "{page}"
    );
    assert!(!page.contains("Guru") && !page.contains("127.0.0.1"), "{page}");
    let line = app.logged("the cause", |line| line["http.status"] == 503);
    assert!(line["error"].as_str().unwrap().contains("the comic can't be had: "), "{line}");
    assert_eq!(line["level"], "WARN");
    assert_eq!(app.log().iter().filter(|line| line["http.status"] == 503).count(), 1);
    assert_eq!(Database::open(data.path()).views(), 0);
}
