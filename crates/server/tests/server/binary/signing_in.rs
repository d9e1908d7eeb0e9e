//! What signing in costs, and what its time tells.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Release;
use crate::support::{App, Browser, Crowd, Database, PASSWORD, SUPERUSER, with_admins};

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
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        // One right after the other, each first in every other round, so that whatever else the machine does, and
        // whichever thread hashes, meets both.
        let mut took = [0.0, 0.0];
        for turn in [round % 2, 1 - round % 2] {
            let name = ["ada", "eve"][turn];
            let address = format!("198.51.{}.{}", round / 200, round % 200);
            let mut browser = Browser::of(&app).header("X-Forwarded-For", &address);
            let token = browser.token("/admin/login/");
            let fields =
                [("csrf_token", token.as_str()), ("username", name), ("password", "wrong-wrong-wrong")];
            let began = Instant::now();
            assert_eq!(browser.post("/admin/login/", &fields).status, 403);
            took[turn] = began.elapsed().as_secs_f64();
            assert!(took[turn] > 0.005, "that is no argon2id: {took:?}");
        }
        ratios.push(took[0] / took[1]);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ROUNDS / 2];
    println!("a known name takes {ratio:.3} times as long as an unknown one");
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
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

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_flood_of_sign_ins_from_everywhere_is_turned_away_and_leaves_others_served() {
    const CALLERS: u32 = 100;
    const FOR: Duration = Duration::from_secs(1);
    const MEMORY: u64 = 96 << 20;
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let launch = with_admins(release.launch().data(data.path()));
    let app = launch.set("XKCDAPP_TRUSTED_PROXIES", "1").start();
    let visits = Crowd { visitors: 2, pages: u64::MAX, persistent: true }.visit(app.address);
    let began = Instant::now();
    let answers = std::thread::scope(|scope| {
        let call = |caller: u32| {
            let app = &app;
            scope.spawn(move || {
                let mut answers = BTreeMap::<u16, u32>::new();
                for attempt in 0.. {
                    // Nobody comes twice from one address.
                    let address = format!("10.{caller}.{}.{}", attempt / 250, attempt % 250);
                    let mut browser = Browser::of(app).header("X-Forwarded-For", &address);
                    let answer = browser.sign_in("eve", "wrong-wrong-wrong");
                    assert!(answer.status != 503 || answer.header("retry-after").is_some());
                    *answers.entry(answer.status).or_default() += 1;
                    if began.elapsed() > FOR {
                        break;
                    }
                }
                answers
            })
        };
        let callers: Vec<_> = (0..CALLERS).map(call).collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).fold(
            BTreeMap::<u16, u32>::new(),
            |mut all, (status, answers)| {
                *all.entry(status).or_default() += answers;
                all
            },
        )
    });
    let tally = visits.end();
    let (_, highest) = app.memory();
    let (seen, slowest) = (tally.acknowledged, tally.slowest);
    println!("{answers:?}; {seen} pages meanwhile, the longest {slowest:?}; {} MB at most", highest >> 20);
    assert!(answers.keys().all(|status| [403, 503].contains(status)), "{answers:?}");
    assert!(answers.contains_key(&403) && answers.contains_key(&503), "that was no flood: {answers:?}");
    let is_busy = |line: &serde_json::Value| line["error"].to_string().contains("too many passwords");
    // Others waited in vain for the store of the attempts, or of the accounts.
    assert!(app.log().iter().any(is_busy), "that was no flood");
    assert_eq!((tally.refused, tally.in_doubt), (0, 0));
    assert!(tally.unnumbered * 20 < seen, "{tally:?}");
    assert!(seen > 100 && slowest < Duration::from_secs(2), "{tally:?}");
    assert!(highest < MEMORY, "{highest} bytes");
    assert_eq!(Browser::of(&app).sign_in(SUPERUSER, PASSWORD).status, 303, "the owner gets in after it");
    assert_eq!(app.stop().code, Some(0));
    tally.assert_counted(&Database::open(data.path()).views_by_comic());
}
