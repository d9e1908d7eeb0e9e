//! What a client says about itself and about the way it came: believed as far as it can be checked.

use super::{MARK, Siege, assert_each_is_refused};

#[test]
#[ignore = "needs the release build: scripts/test"]
fn forged_hosts_are_refused_and_never_repeated() {
    let siege = Siege::begin();
    let hosts: [&[u8]; 16] = [
        b"evil7.example",
        b"localhost.evil7.example",
        b"evil7.example#localhost",
        b"evil7.example/localhost",
        b"localhost/evil7",
        b"localhost@evil7.example",
        b"localhost:80@evil7.example",
        b"localhost:evil7",
        b"localhost, evil7.example",
        b"localhost evil7.example",
        b"\"localhost\"",
        b"<evil7>",
        b"%6cocalhost",
        b"loc\xffalhost",
        b"[::1",
        b"",
    ];
    for target in ["/", "/1000001", "/feed.xml", "/admin/login/", "/nowhere"] {
        let request =
            |host: &[u8]| [b"GET ", target.as_bytes(), b" HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
        assert_each_is_refused(&siege, hosts.map(request));
    }
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn headers_that_proxies_set_change_nothing_here() {
    let siege = Siege::begin();
    forge_what_proxies_say(&siege, "127.0.0.1");
    siege.lift();
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn behind_a_proxy_only_the_address_that_it_added_is_believed() {
    let siege = Siege::of(|launch| launch.set("XKCDAPP_TRUSTED_PROXIES", "1"), 64 << 20);
    forge_what_proxies_say(&siege, "203.0.113.7");
    siege.lift();
}

/// A client whose address is taken to be `address`, whatever else it says.
#[track_caller]
fn forge_what_proxies_say(siege: &Siege, address: &str) {
    for (target, status) in [("/1000001/", 200), ("/1000001", 308), ("/feed.xml", 200), ("/admin/", 303)] {
        let reply = siege.send(
            format!(
                "GET {target} HTTP/1.1\r\nHost: localhost\r\nForwarded: for=6.6.6.6;host=evil7.example;proto=https\r\n\
                 X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil7.example\r\nX-Forwarded-Proto: https\r\n\
                 X-Forwarded-Prefix: /evil7\r\nX-Forwarded-Port: 443\r\nX-Host: evil7.example\r\n\
                 X-Original-URL: /evil7\r\nX-Rewrite-URL: /evil7\r\nX-HTTP-Method-Override: DELETE\r\n\
                 X-Real-IP: 6.6.6.6\r\nX-Request-Id: evil7\r\n\r\n"
            )
            .as_bytes(),
        );
        assert_eq!(reply.statuses, [status], "{reply:?}");
        assert!(!reply.text.contains("strict-transport-security"), "{reply:?} {}", reply.text);
        assert!(!reply.text.contains("Secure"), "{reply:?} {}", reply.text);
    }
    let forged =
        [("X-Forwarded-For", "6.6.6.6, 203.0.113.7"), ("X-Real-IP", "6.6.6.6"), ("Forwarded", "for=6.6.6.6")];
    siege.app.request("GET", "/nowhere", &forged);
    let line = siege.app.logged("the request", |line| line["http.path"] == "/nowhere");
    assert_eq!(line["client.address"], address);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn tampered_cookies_are_those_of_a_stranger() {
    let siege = Siege::begin();
    let values = [
        "",
        "\"",
        "1.0-1-0.",
        "1.ffffffffffffffff-4294967295-4294967295.0-4294967295-4294967295",
        "1.ffffffffffffffffffffffffffffffff-99999999999999999999-1.",
        "1.-1--1--1.",
        "1..0-1000001-18446744073709551616",
        "%00%ff%0d%0aSet-Cookie:evil7=1",
        "evil7; xkcdapp_deck=evil7; xkcdapp_deck=1..",
        "<script>evil7</script>",
        "' OR 1=1 --evil7",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    for value in values {
        for name in ["xkcdapp_deck", "xkcdapp_session", "__Host-xkcdapp_session", "xkcdapp_csrf"] {
            for (target, status) in [("/", 200), ("/admin/", 303), ("/admin/login/", 200)] {
                let request =
                    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nCookie: {name}={value}\r\n\r\n");
                let reply = siege.send(request.as_bytes());
                assert_eq!(reply.statuses, [status], "{reply:?}");
            }
        }
        let login = format!("username={MARK}&password=x&csrf_token={}", value.replace([' ', ';', '"'], ""));
        let request = format!(
            "POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: xkcdapp_csrf={value}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{login}",
            login.len()
        );
        let reply = crate::support::Connection::open(siege.app.address).and_then(|mut connection| {
            connection.send(request.as_bytes())?;
            connection.answer(false)
        });
        assert!(matches!(reply.unwrap().status, 400 | 403), "{value}");
    }
    siege.lift();
}
