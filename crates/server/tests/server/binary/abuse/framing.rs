//! Where a request ends: lengths in doubt, bad chunks, and requests that are smuggled in what looks like a body.

use super::{Siege, assert_each_is_refused, assert_each_is_refused_at_its_end};

/// What must not be taken for a request.
const SMUGGLED: &str = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// To a page that reads bodies, so that whatever its framing is gets looked at.
fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n{body}"
    )
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_length_that_is_in_doubt_is_refused_and_nothing_after_it_is_read() {
    let siege = Siege::begin();
    let headers = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding:\x0bchunked",
        "Transfer-Encoding: chunked\r\n\tX: evil7",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: -1",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5;evil7",
        "Content-Length: 1e1",
        "Content-Length: ",
        "Content-Length: 99999999999999999999999",
        "Content-Length\0: 5",
    ];
    assert_each_is_refused(&siege, headers.map(|headers| post(headers, &format!("0\r\n\r\n{SMUGGLED}"))));
    let old = format!(
        "POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"
    );
    assert_each_is_refused(&siege, [old]);
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn chunks_that_are_none_end_the_request_and_the_connection() {
    let siege = Siege::begin();
    let bodies = [
        "evil7\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcX\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\nabc\n0\n\n",
        "3 \rabc\r\n0\r\n\r\n",
    ];
    assert_each_is_refused(
        &siege,
        bodies.map(|body| post("Transfer-Encoding: chunked", &format!("{body}{SMUGGLED}"))),
    );
    // As long as a chunk may be.
    let endless = post("Transfer-Encoding: chunked", &format!("ffffffffffffffff\r\nabc{SMUGGLED}"));
    assert_each_is_refused_at_its_end(&siege, [endless]);
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn heads_that_say_two_things_are_refused() {
    let siege = Siege::begin();
    let heads = [
        "X-A: b\r\n continued",
        "X-A: evil7\rX-B: c",
        "X-A: evil7\0",
        "X-A\r\n",
        ": evil7",
        "X A: evil7",
        "X-A: \x01",
        "Host: localhost",
        "Host: evil7.example",
    ];
    let request = |head| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{SMUGGLED}");
    assert_each_is_refused(&siege, heads.map(request));
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_body_that_nobody_asked_for_is_no_request() {
    let siege = Siege::begin();
    for method in ["GET", "HEAD", "POST", "DELETE"] {
        for target in ["/", "/nowhere", "/health/live", "/admin/logout/"] {
            let length = SMUGGLED.len();
            let reply = siege.send(
                format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}")
                    .as_bytes(),
            );
            assert_eq!(reply.statuses.len(), 1, "{reply:?}");
            assert!(!reply.text.contains("\"version\""), "{reply:?}");
        }
    }
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn nobody_is_talked_into_another_protocol() {
    let siege = Siege::begin();
    for upgrade in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ZXZpbDc=",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        "Expect: evil7",
    ] {
        let reply = siege.send(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n\r\n").as_bytes());
        assert!(matches!(reply.statuses[..], [200 | 417]), "{reply:?}");
    }
    siege.lift();
}
