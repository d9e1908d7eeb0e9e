//! What signing in costs, and what its time tells.

use std::time::{Duration, Instant};

use super::Release;
use crate::support::{App, Browser, PASSWORD, SUPERUSER, with_admins};

#[track_caller]
fn start(release: &Release) -> App {
    with_admins(release.launch()).set("XKCDAPP_TRUSTED_PROXIES", "1").start()
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn an_unknown_name_takes_as_long_as_a_known_one() {
    const ROUNDS: usize = 150;
    let release = Release::alone();
    let app = start(&release);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        // One after the other, each first in every other round, so that whatever else the machine does, and
        // whichever thread hashes, meets both.
        for turn in [round % 2, 1 - round % 2] {
            let name = ["ada", "eve"][turn];
            let address = format!("198.51.{}.{}", round / 200, round % 200);
            let mut browser = Browser::of(&app).header("X-Forwarded-For", &address);
            let token = browser.token("/admin/login/");
            let fields =
                [("csrf_token", token.as_str()), ("username", name), ("password", "wrong-wrong-wrong")];
            let began = Instant::now();
            assert_eq!(browser.post("/admin/login/", &fields).status, 403);
            times[turn].push(began.elapsed());
        }
    }
    let [known, unknown] = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    println!("known {known:.4} s, unknown {unknown:.4} s");
    assert!(known > 0.005, "that is no argon2id: {known}");
    assert!((known / unknown - 1.0).abs() < 0.05, "known {known}, unknown {unknown}");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn twenty_at_once_are_let_in_with_little_memory() {
    const AT_ONCE: u64 = 20;
    const MEGABYTE: u64 = 1_000_000;
    let release = Release::alone();
    let app = start(&release);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..AT_ONCE {
            let mut browser = Browser::of(&app).header("X-Forwarded-For", &format!("198.51.100.{number}"));
            scope.spawn(move || assert_eq!(browser.sign_in(SUPERUSER, PASSWORD).status, 303));
        }
    });
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let (_, highest) = app.memory();
    println!("20 sign-ins: {:?}, {} MB at most", began.elapsed(), highest / MEGABYTE);
    assert!(highest < 100 * MEGABYTE, "{} MB", highest / MEGABYTE);
}
