//! The same for programs.

use serde_json::Value;

use super::{built_in, of_comics};
use crate::support::Answer;

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn a_comic_is_what_its_page_shows() {
    let app = of_comics(3_200);
    assert_eq!(json(&app.get("/api/comics/353"))["views"], 0);
    app.get("/353/");
    let answer = app.get("/api/comics/353");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let comic = json(&answer);
    assert_eq!(comic["number"], 353);
    assert_eq!(comic["title"], "Title 353");
    assert_eq!(comic["caption"], "Caption 353");
    assert_eq!(comic["transcript"], Value::Null);
    assert_eq!(comic["image"], "https://imgs.xkcd.com/comics/comic_353.png");
    assert_eq!(comic["published"], "2008-04-01");
    assert_eq!(comic["views"], 1);
    assert_eq!(comic["url"], format!("http://{}/353/", app.address));
    assert_eq!(comic["stale"], false);
}

#[test]
fn a_drawing_of_the_app_has_an_absolute_address() {
    let app = built_in();
    let comic = json(&app.get("/api/comics/1000001"));
    let image = comic["image"].as_str().unwrap();
    let path = image.strip_prefix(&format!("http://{}", app.address)).unwrap();
    assert_eq!(app.get(path).status, 200, "{image}");
}

#[test]
fn comics_are_drawn_at_random_without_a_cookie() {
    let app = of_comics(3_200);
    let mut numbers: Vec<_> = (0..10)
        .map(|_| {
            let answer = app.get("/api/comics/random");
            assert_eq!(answer.header("set-cookie"), None);
            json(&answer)["number"].as_u64().unwrap()
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.len() >= 8, "{numbers:?}");
}

#[test]
fn the_ranking_is_as_long_as_asked_for() {
    let app = of_comics(50);
    for comic in 1..=12 {
        app.get(&format!("/{comic}/"));
    }
    app.get("/5/");
    let ranked = |query: &str| {
        let ranking = json(&app.get(&format!("/api/popular{query}")));
        ranking["comics"].as_array().unwrap().clone()
    };
    assert_eq!(ranked("").len(), 10);
    assert_eq!(ranked("?limit=100").len(), 12);
    let first = &ranked("?limit=1")[0];
    assert_eq!((&first["number"], &first["views"]), (&5.into(), &2.into()));
    assert_eq!(first["title"], "Title 5");
}

#[test]
fn mistakes_are_problems_that_say_what_to_do() {
    let app = built_in();
    for (path, status) in [
        ("/api/comics/404", 404),
        ("/api/comics/0", 404),
        ("/api/comics/007", 404),
        ("/api/comics/x%22%3E", 404),
        ("/api/comics/99999999999999999999", 404),
        ("/api/comics/", 404),
        ("/api/nothing", 404),
        ("/api/popular?limit=0", 400),
        ("/api/popular?limit=101", 400),
        ("/api/popular?limit=x", 400),
        ("/api/popular?limit=", 400),
    ] {
        let answer = app.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        let problem = json(&answer);
        assert_eq!(problem["status"], status, "{path}");
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"), "{path}");
        assert!(problem["detail"].as_str().unwrap().ends_with('.'), "{path}: {problem}");
        assert!(!answer.text().contains("x\\\""), "{path}: {problem}");
    }
    assert!(app.get("/api/popular?limit=0").text().contains("from 1 to 100"));
    let refused = app.request("POST", "/api/popular", &[]);
    assert_eq!((refused.status, json(&refused)["status"].as_u64()), (405, Some(405)));
    assert_eq!(json(&refused)["detail"], "Only GET and HEAD are answered.");
}

#[test]
fn a_script_of_another_site_may_ask_with_headers_of_its_own_and_read_the_request_id() {
    let app = built_in();
    let asks = [("Origin", "https://example.org"), ("Access-Control-Request-Method", "GET")];
    for path in ["/api/popular", "/api/comics/7", "/api/openapi.json"] {
        let allowed = app.request("OPTIONS", path, &asks);
        assert_eq!((allowed.status, allowed.body.len()), (204, 0), "{path}");
        assert_eq!(allowed.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(allowed.header("access-control-allow-methods"), Some("GET, HEAD"), "{path}");
        assert_eq!(allowed.header("access-control-allow-headers"), Some("*"), "{path}");
        assert_eq!(app.request("OPTIONS", path, &[]).status, 405, "{path}");
    }
    let exposed = app.get("/api/popular");
    assert_eq!(exposed.header("access-control-expose-headers"), Some("x-request-id, retry-after"));
    assert_eq!(app.request("OPTIONS", "/", &asks).status, 405);
}

#[test]
fn the_description_is_for_those_who_call() {
    let description = json(&built_in().get("/api/openapi.json"));
    assert_eq!(description["info"]["license"]["identifier"], "MIT OR Apache-2.0");
    for (path, item) in description["paths"].as_object().unwrap() {
        let text = item["get"]["description"].as_str().unwrap();
        assert!(!text.contains('#') && !text.contains("Error"), "{path}: {text}");
    }
}

#[test]
fn the_description_names_every_path_and_answers_are_as_it_says() {
    let app = of_comics(50);
    app.get("/7/");
    let description = json(&app.get("/api/openapi.json"));
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    assert_eq!(description["servers"][0]["url"], format!("http://{}", app.address));
    let paths: Vec<_> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths, ["/api/comics/random", "/api/comics/{number}", "/api/popular"]);
    for path in paths {
        let answer = json(&app.get(&path.replace("{number}", "7")));
        let schema =
            &description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let schema = &description["components"]["schemas"][name];
        let described: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        let answered: Vec<_> = answer.as_object().unwrap().keys().collect();
        assert_eq!(described, answered, "{path}");
        assert_eq!(schema["required"].as_array().unwrap().len(), answered.len(), "{path}");
    }
}
