//! What may be done with a page: to read it.

use super::built_in;

#[test]
fn other_methods_are_refused_and_told_which_would_do() {
    let app = built_in();
    for path in [
        "/",
        "/1000001/",
        "/1000001",
        "/robots.txt",
        "/favicon.ico",
        "/health/live",
        "/health/ready",
        "/version",
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = app.request(method, path, &[]);
            assert_eq!(answer.status, 405, "{method} {path}");
            let allowed = answer.header("allow").unwrap_or_else(|| panic!("{method} {path} has no Allow"));
            let mut allowed: Vec<_> = allowed.split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, ["GET", "HEAD"], "{method} {path}");
        }
    }
}

#[test]
fn a_refused_body_does_not_become_the_next_request() {
    let app = built_in();
    let mut connection = crate::support::Connection::open(app.address).unwrap();
    let smuggled = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let length = smuggled.len().to_string();
    connection
        .send(
            format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{smuggled}")
                .as_bytes(),
        )
        .unwrap();
    assert_eq!(connection.answer(false).unwrap().status, 405);
    // Either the connection was closed, or the next answer is that of the next request.
    if let Ok(next) = connection.request("GET", "/health/live", &[]) {
        assert_eq!(next.text(), "live\n");
    }
}
