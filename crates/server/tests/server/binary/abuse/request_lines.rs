//! First lines: malformed, with paths that lead out, with methods that nobody knows, for other hosts.

use super::{MARK, Siege, assert_each_is_refused, assert_each_is_refused_at_its_end};

/// A request with a first line, and all else as it should be.
fn with_line(line: &[u8]) -> Vec<u8> {
    [line, b"\r\nHost: localhost\r\n\r\n"].concat()
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn what_is_no_http_is_refused() {
    let siege = Siege::begin();
    let lines: [&[u8]; 16] = [
        b"evil7",
        b"GET",
        b"GET /evil7",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1 evil7",
        b"GET /evil7 b HTTP/1.1",
        b"GET / HTTP/9.9",
        b"GET / HTTP/2.0",
        b"GET / http/1.1",
        b"GET / EVIL7/1.1",
        b" GET / HTTP/1.1",
        b"GET\t/\tHTTP/1.1",
        b"G<evil7>T / HTTP/1.1",
        b"\0 / HTTP/1.1",
        b"GET evil7 HTTP/1.1",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    assert_each_is_refused(&siege, lines.iter().map(|line| with_line(line)));
    // A browser that was told `https` where there is none.
    assert_each_is_refused(
        &siege,
        [[&b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"[..], &[7; 64]].concat()],
    );
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn bytes_that_belong_in_no_path_are_refused() {
    let siege = Siege::begin();
    let paths: [&[u8]; 8] = [
        b"/\0",
        b"/evil7\0.html",
        b"/\x01\x02\x7f",
        b"/\xc0\xae\xc0\xae/evil7",
        b"/\xe0\x80\xaf",
        b"/\xff\xfe",
        b"/\xed\xa0\x80",
        b"/<evil7>\xc3",
    ];
    assert_each_is_refused(&siege, paths.map(|path| with_line(&[b"GET ", path, b" HTTP/1.1"].concat())));
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn paths_that_lead_out_lead_nowhere() {
    let siege = Siege::begin();
    for path in [
        "/../../etc/passwd",
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%5c..%5cetc%5cpasswd",
        "/static/....//....//etc/passwd",
        "/static//etc/passwd",
        "/static/%252e%252e%252fetc%252fpasswd",
        "/static/%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
        "/static/%e0%80%ae%e0%80%ae/etc/passwd",
        "/static/%00",
        "/static/site.css%00.html",
        "/%00",
        "/1000001%00/",
        "/1000001/%2e%2e/",
        "/.env",
        "/data/xkcdapp.db",
        "/admin/../metrics",
        "/admin/comics/..%2f..%2f",
        "/api/comics/%00",
        "/api/comics/../../metrics",
        "//evil7.example/%2f..",
        "/\\evil7.example",
        "/%0d%0aSet-Cookie:%20evil7=1",
        "/%E0%A4%A",
        "/%",
        "/;/evil7",
    ] {
        let reply = siege.send(&with_line(format!("GET {path} HTTP/1.1").as_bytes()));
        assert!(matches!(reply.statuses[..], [400 | 404 | 303]), "{reply:?}");
        assert!(!reply.text.contains("root:") && !reply.text.contains(&format!("{MARK}=")), "{reply:?}");
        // The admin site sends who is not signed in to its own form, and nobody anywhere else.
        let leads = reply.text.lines().find_map(|line| line.strip_prefix("location: "));
        assert!(leads.is_none_or(|to| to.starts_with("/admin/login/")), "{reply:?}");
    }
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn methods_that_nobody_knows_do_nothing() {
    let siege = Siege::begin();
    let long = "EVIL7".repeat(2_000);
    for method in
        ["TRACE", "CONNECT", "PROPFIND", "get", "Get", "DELETE", "EVIL7", "M-SEARCH", "!#$%&'*", &long]
    {
        for target in ["/", "/1000001/", "/admin/comics/1000001/", "/static/evil7", "/health/live"] {
            let reply = siege.send(&with_line(format!("{method} {target} HTTP/1.1").as_bytes()));
            assert!(matches!(reply.statuses[..], [400 | 404 | 405 | 303]), "{reply:?}");
        }
    }
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_first_line_that_names_another_host_is_refused() {
    let siege = Siege::begin();
    assert_each_is_refused(
        &siege,
        [
            "GET http://evil7.example/",
            "GET https://evil7.example:443/1000001/",
            "GET http://localhost@evil7.example/",
            "GET http://localhost.evil7.example/",
            "CONNECT evil7.example:443",
        ]
        .map(|line| with_line(format!("{line} HTTP/1.1").as_bytes())),
    );
    // Load balancers ask for health under names that are not ours; and nobody is named by an asterisk.
    assert_each_is_refused_at_its_end(
        &siege,
        ["GET http://evil7.example/health/../", "OPTIONS *", "GET *"]
            .map(|line| with_line(format!("{line} HTTP/1.1").as_bytes())),
    );
    siege.lift();
}
