//! The first moments of a process.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use super::Release;
use crate::support::{Launch, StubUpstream, free_address};

#[test]
#[ignore = "needs the release build: scripts/test"]
fn it_listens_within_100_ms_and_is_small_while_idle() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let mut times = Vec::new();
    for _ in 0..9 {
        let app = release.launch().data(data.path()).upstream_at("http://127.0.0.1:9").start();
        times.push(app.took_to_listen);
        assert_eq!(app.get("/").status, 200);
        let (resident, _) = app.memory();
        assert!(resident < 25 << 20, "{resident} bytes");
    }
    times.sort();
    assert!(times[times.len() / 2] < Duration::from_millis(100), "{times:?}");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_new_data_folder_is_made_within_100_ms_too() {
    let release = Release::alone();
    let mut times: Vec<_> = (0..9).map(|_| release.launch().start().took_to_listen).collect();
    times.sort();
    assert!(times[times.len() / 2] < Duration::from_millis(100), "{times:?}");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn the_first_page_needs_no_xkcd_that_refuses() {
    let release = Release::alone();
    let closed = free_address();
    let times = first_pages(release.launch().upstream_at(&format!("http://{closed}")));
    assert!(times[0] < Duration::from_millis(500), "{times:?}");
    assert!(times[1..].iter().all(|time| *time < Duration::from_millis(200)), "{times:?}");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn the_first_page_waits_a_second_for_an_xkcd_that_says_nothing_and_the_next_ones_hardly() {
    let release = Release::alone();
    let silent = StubUpstream::answering(|_, stream| std::io::Read::read(stream, &mut [0]).map(|_| ()));
    let times = first_pages(release.launch().upstream(&silent));
    assert!(times[0] < Duration::from_millis(1_300), "{times:?}");
    assert!(times[1..].iter().all(|time| *time < Duration::from_millis(200)), "{times:?}");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn the_first_page_waits_a_second_for_an_xkcd_that_cannot_even_be_connected_to() {
    let release = Release::alone();
    // Nobody takes connections, and the queue for them is full: packets are dropped, as by a firewall.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let short = Duration::from_millis(100);
    let waiting: Vec<_> =
        (0..10_000).map_while(|_| std::net::TcpStream::connect_timeout(&address, short).ok()).collect();
    let times = first_pages(release.launch().upstream_at(&format!("http://{address}")));
    assert!(times[0] < Duration::from_millis(1_300), "{times:?}");
    assert!(times[1..].iter().all(|time| *time < Duration::from_millis(200)), "{times:?}");
    drop(waiting);
}

/// How long the first five pages take, each of which has to be a comic of the app with a notice and a count.
#[track_caller]
fn first_pages(launch: Launch) -> Vec<Duration> {
    let app = launch.start();
    let page = |_| {
        let began = Instant::now();
        let page = app.get("/");
        let took = began.elapsed();
        assert_eq!(page.status, 200);
        assert!(page.comic() > 1_000_000 && page.views().is_some());
        assert!(page.text().contains("here is a comic that comes with the app"), "{}", page.text());
        took
    };
    (0..5).map(page).collect()
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_secret_key_is_made_once_for_its_owner_alone_by_processes_that_start_together() {
    let release = Release::alone();
    for _ in 0..5 {
        let data = tempfile::tempdir().unwrap();
        let apps = thread::scope(|scope| {
            let start = || scope.spawn(|| release.launch().data(data.path()).start());
            let starting: Vec<_> = (0..4).map(|_| start()).collect();
            starting.into_iter().map(|app| app.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(apps.iter().all(|app| app.get("/").status == 200));
        let file = data.path().join("secret_key");
        let (key, mode) =
            (std::fs::read(&file).unwrap(), std::fs::metadata(&file).unwrap().permissions().mode());
        assert_eq!(mode & 0o777, 0o600);
        assert!(key.len() >= 32);
        drop(apps);
        assert_eq!(release.launch().data(data.path()).start().get("/").status, 200);
        assert_eq!(std::fs::read(&file).unwrap(), key, "it was made again");
        let left: Vec<_> =
            std::fs::read_dir(data.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains(".new.")), "{left:?}");
    }
}
