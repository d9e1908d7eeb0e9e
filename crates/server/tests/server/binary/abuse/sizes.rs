//! More than anybody needs: heads, paths, cookies and bodies.

use std::io::Write;

use super::{Siege, assert_each_is_refused, assert_each_is_refused_at_its_end};

const MIB: usize = 1 << 20;

#[test]
#[ignore = "needs the release build: scripts/test"]
fn heads_that_are_too_large_are_refused() {
    let siege = Siege::begin();
    let head = |lines: String| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n");
    let path = |length| format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(length));
    assert_each_is_refused(
        &siege,
        [
            path(70_000),
            path(200_000),
            path(5 * MIB),
            head(format!("Cookie: xkcdapp_deck={}", "a".repeat(200_000))),
            head(vec!["Cookie: a=b"; 200].join("\r\n")),
            head(vec!["X-Evil7: b"; 50_000].join("\r\n")),
            head(format!("X-Forwarded-For: {}", "6.6.6.6,".repeat(100_000))),
            head(format!("{}: b", "X".repeat(200_000))),
            // Never comes to an end.
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: {}", "b".repeat(5 * MIB)),
        ],
    );
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn what_is_large_and_still_fits_is_answered_like_anything_else() {
    let siege = Siege::begin();
    let large = "a".repeat(60_000);
    for (target, headers, status) in [
        (format!("/{large}"), String::new(), 404),
        (format!("/?{large}"), String::new(), 200),
        (format!("/search/?q={large}"), String::new(), 400),
        (format!("/search/?q={}", "%ff".repeat(20_000)), String::new(), 400),
        (format!("/admin/login/?next={large}"), String::new(), 200),
        (format!("/static/{large}"), String::new(), 404),
        ("/".to_owned(), format!("Cookie: xkcdapp_deck={large}\r\n"), 200),
        ("/".to_owned(), format!("Cookie: {}\r\n", "a=b; ".repeat(12_000)), 200),
        ("/".to_owned(), "Cookie: a=b\r\n".repeat(90), 200),
        ("/".to_owned(), format!("Accept-Encoding: {}\r\n", "gzip;q=0.1, ".repeat(5_000)), 200),
        ("/".to_owned(), format!("X-Amzn-Trace-Id: {large}\r\n"), 200),
        ("/feed.xml".to_owned(), format!("If-None-Match: {}\r\n", "\"a\", ".repeat(10_000)), 200),
        ("/robots.txt".to_owned(), format!("Range: bytes={}0-1\r\n", "0-1,".repeat(10_000)), 200),
    ] {
        let reply =
            siege.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes());
        assert_eq!(reply.statuses, [status], "{reply:?}");
    }
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn bodies_that_are_too_large_are_refused_and_not_kept() {
    let siege = Siege::begin();
    let post = |target: &str, headers: &str, body: &[u8]| {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    let sized = |body: &[u8]| format!("Content-Length: {}", body.len());
    let large = b"a=b&".repeat(4 * MIB);
    let chunks = [format!("{:x}\r\n", large.len()).as_bytes(), &large, b"\r\n0\r\n\r\n"].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..16).for_each(|_| gzip.write_all(&large).unwrap());
    let bomb = gzip.finish().unwrap();
    for target in ["/", "/nowhere", "/admin/login/", "/api/popular"] {
        assert_each_is_refused_at_its_end(
            &siege,
            [
                post(target, &sized(&large), &large),
                post(target, "Transfer-Encoding: chunked", &chunks),
                post(target, &format!("Content-Encoding: gzip\r\n{}", sized(&bomb)), &bomb),
                post(target, "Content-Length: 18446744073709551615", b"a"),
                post(target, &sized(&large), b"a=b"),
            ],
        );
    }
    siege.lift();
}
