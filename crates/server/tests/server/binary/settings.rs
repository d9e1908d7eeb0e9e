//! Settings that are not fit, and addresses that are taken.

use std::net::TcpListener;

use super::Release;

#[test]
#[ignore = "needs the release build: scripts/test"]
fn every_wrong_setting_is_told_at_once() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("never made");
    for verb in [&[][..], &["serve"], &["check"], &["migrate"], &["replay-views"], &["healthcheck"]] {
        let launch = release
            .launch()
            .data(&folder)
            .set("XKCDAPP_LISTEN", "nowhere")
            .set("XKCDAPP_XKCD_URL", "http://xkcd.com")
            .set("XKCDAPP_SHUTDOWN_SECONDS", "soon")
            .set("XKCDAPP_STORE", "oracle")
            .set("SECRET_KEY", "hunter2");
        let ended = launch.run(verb, "");
        let told = [
            "5 mistakes",
            "XKCDAPP_LISTEN",
            "XKCDAPP_XKCD_URL",
            "XKCDAPP_SHUTDOWN_SECONDS",
            "XKCDAPP_STORE",
            "SECRET_KEY",
        ];
        ended.assert_refused(2, &told);
        assert!(!ended.message().contains("hunter2"), "{}", ended.message());
    }
    assert!(!folder.exists(), "nothing is touched before the settings are right");
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn wrong_usage_is_told() {
    let release = Release::alone();
    for arguments in [&["dance"][..], &["--no-such-option"], &["serve", "extra"], &["--listen"]] {
        let ended = release.launch().run(arguments, "");
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.message().contains("error: ") && ended.message().contains("--help"), "{ended:?}");
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn an_option_wins_over_the_environment() {
    let release = Release::alone();
    let ended = release.launch().set("XKCDAPP_LOG_FORMAT", "json").run(&["--log-format", "xml"], "");
    ended.assert_refused(2, &["1 mistake", "XKCDAPP_LOG_FORMAT", "\"xml\""]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn an_address_that_is_taken_is_told() {
    let release = Release::alone();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for setting in ["XKCDAPP_LISTEN", "XKCDAPP_METRICS_LISTEN"] {
        let ended = release.launch().set(setting, &address).fail_to_start();
        ended.assert_refused(1, &[&address, setting]);
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn a_name_that_is_no_setting_is_warned_of() {
    let release = Release::alone();
    let app = release.launch().set("XKCDAPP_LISTN", "127.0.0.1:1").start();
    let warning = app.logged("the warning", |line| line["event"] == "config.unknown");
    assert_eq!((&warning["name"], &warning["level"]), (&"XKCDAPP_LISTN".into(), &"WARN".into()));
}
