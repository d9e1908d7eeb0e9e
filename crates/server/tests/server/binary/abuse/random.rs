//! Requests as nobody would think of them: good ones, damaged at random. The seed makes them the same each time.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Siege;

const REQUESTS: usize = 800;

const GOOD: [&[u8]; 8] = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: xkcdapp_deck=1.1f-100-7.2e-1000010-3\r\n\r\n",
    b"GET /1000001/ HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"1\"\r\n\r\n",
    b"HEAD /1000002 HTTP/1.0\r\nHost: localhost\r\n\r\n",
    b"GET /search/?q=a+b%20c HTTP/1.1\r\nHost: localhost:80\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n\r\n",
    b"GET /api/comics/1000001 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    b"GET http://localhost/admin/comics/?order=-views&after=3.5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
      Content-Length: 40\r\n\r\nusername=a&password=b&csrf_token=c&next=/",
    b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
      Transfer-Encoding: chunked\r\n\r\n5\r\nnext=\r\n3;a=b\r\n%2f\r\n0\r\n\r\n",
];

const PIECES: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"%00",
    b"%",
    b"%ff%fe",
    b"\xc0\xae",
    b"\xff",
    b"../",
    b"//",
    b"?",
    b"#",
    b"Host: evil7\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\nConnection: upgrade\r\n",
    b"99999999999999999999",
    b"{{7*7}}<script>",
];

#[test]
#[ignore = "needs the release build: scripts/test"]
fn damaged_requests_are_answered_or_refused_in_time() {
    let siege = Siege::begin();
    let mut random = StdRng::seed_from_u64(8);
    let mut refused = 0;
    for _ in 0..REQUESTS {
        let mut request = GOOD[random.random_range(0..GOOD.len())].to_vec();
        for _ in 0..random.random_range(1..6) {
            damage(&mut request, &mut random);
        }
        let reply = siege.send(&request);
        refused += usize::from(reply.statuses.iter().any(|status| *status >= 400));
    }
    assert!((REQUESTS / 10..REQUESTS).contains(&refused), "{refused} of {REQUESTS} were refused");
    siege.lift();
}

fn damage(request: &mut Vec<u8>, random: &mut StdRng) {
    let at = random.random_range(0..=request.len());
    let until = random.random_range(at..=request.len().min(at + 40));
    match random.random_range(0..6) {
        0 => drop(request.splice(at..at, PIECES[random.random_range(0..PIECES.len())].iter().copied())),
        1 => drop(request.splice(at..until, [])),
        2 => request.truncate(at),
        3 => request.extend_from_within(at..until),
        4 => {
            let twice = request[at..until].to_vec();
            request.splice(at..at, twice.repeat(random.random_range(1..100)));
        }
        _ => {
            if let Some(byte) = request.get_mut(at) {
                *byte = random.random();
            }
        }
    }
}
