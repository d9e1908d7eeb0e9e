//! The other verbs.

use super::Release;
use crate::support::{Database, free_address};

#[test]
#[ignore = "needs the release build: scripts/test"]
fn help_and_version_are_told_on_standard_output() {
    let release = Release::alone();
    let version = release.launch().run(&["--version"], "");
    assert_eq!(
        (version.code, version.output),
        (Some(0), vec![format!("xkcdapp {}", env!("CARGO_PKG_VERSION"))])
    );

    let help = release.launch().set("XKCDAPP_LOG", "a-value-of-mine").run(&["--help"], "");
    let text = help.output.join("\n");
    assert_eq!(help.code, Some(0));
    for told in [
        "serve",
        "migrate",
        "create-admin",
        "change-password",
        "check",
        "replay-views",
        "healthcheck",
        "--listen",
        "--shutdown-seconds",
        "XKCDAPP_LISTEN",
    ] {
        assert!(text.contains(told), "no {told} in {text}");
    }
    assert!(!text.contains("a-value-of-mine"), "{text}");
    for verb in
        ["serve", "migrate", "create-admin", "change-password", "check", "replay-views", "healthcheck"]
    {
        assert_eq!(release.launch().run(&[verb, "--help"], "").code, Some(0), "{verb}");
    }
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn check_lists_settings_with_where_they_came_from_and_tries_the_store() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let launch = release.launch().data(data.path()).set("XKCDAPP_LISTN", "x");
    let ended = launch.run(&["check", "--shutdown-seconds", "7"], "");
    let text = ended.output.join("\n");
    assert_eq!((ended.code, ended.message().as_str()), (Some(0), ""), "{text}");
    let said = |name: &str| {
        text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"))
    };
    assert!(said("XKCDAPP_SHUTDOWN_SECONDS ").contains("7  (command line)"));
    assert!(said("XKCDAPP_COMICS ").contains("built-in  (environment)"));
    assert!(said("XKCDAPP_TRUSTED_PROXIES ").contains("0  (default)"));
    assert!(said("XKCDAPP_LISTN ").contains("is none"));
    assert!(said("ok       secrets: ").contains("SECRET_KEY from the data folder (values are not shown)"));
    assert!(said("ok       store: ").contains("xkcdapp.db can be read and written, schema version 2"));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn check_works_beside_a_running_app_and_names_what_fails() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let app = release.launch().data(data.path()).start();
    app.get("/");
    let check = || release.launch().data(data.path()).run(&["check"], "");
    assert_eq!(check().code, Some(0));
    let lock = Database::lock(data.path());
    let locked = check();
    locked.assert_refused(1, &["not all there"]);
    assert!(locked.output.iter().any(|line| line.starts_with("FAILED   store: ")), "{locked:?}");
    drop(lock);
    assert_eq!(app.get("/").status, 200);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn migrate_may_run_again_and_together() {
    let release = Release::alone();
    let data = tempfile::tempdir().unwrap();
    let migrate = || release.launch().data(data.path()).run(&["migrate"], "");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let ended = migrate();
                assert_eq!(ended.code, Some(0), "{ended:?}");
                assert!(ended.output[0].ends_with("xkcdapp.db: the schema has version 2"), "{ended:?}");
            });
        }
    });
    assert_eq!(migrate().code, Some(0));
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn healthcheck_asks_the_instance_on_the_listen_address() {
    let release = Release::alone();
    let app = release.launch().start();
    let ask = |address: &str| release.launch().set("XKCDAPP_LISTEN", address).run(&["healthcheck"], "");
    let alive = ask(&app.address.to_string());
    assert_eq!((alive.code, alive.output, alive.errors), (Some(0), vec![], vec![]));
    assert_eq!(ask(&format!("0.0.0.0:{}", app.address.port())).code, Some(0));
    ask(&free_address().to_string()).assert_refused(1, &["does not answer"]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn replay_views_says_when_there_is_nothing_to_replay() {
    let release = Release::alone();
    let ended = release.launch().run(&["replay-views"], "a line\n{\"event\":\"request\"}\n\u{0}\n");
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.output, ["no unwritten views in 3 lines"]);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn check_url_asks_a_running_instance_and_counts_nothing() {
    let release = Release::alone();
    let app = release.launch().start();
    let url = format!("http://{}", app.address);
    let checked = release.launch().run(&["check", "--url", &url], "");
    let lines = checked.output.join("\n");
    assert_eq!(checked.code, Some(0), "{lines} {:?}", checked.errors);
    for part in ["health: /health/live", "health: /health/ready", "headers:", "cookies:", "hosts:"] {
        assert!(lines.contains(&format!("ok       {part}")), "{part}: {lines}");
    }
    assert_eq!(app.get("/1000001/").views(), Some(1));
    drop(app);
    let checked = release.launch().run(&["check", "--url", &url], "");
    assert_eq!(checked.code, Some(1), "{:?}", checked.output);
}

#[test]
#[ignore = "needs the release build: scripts/test"]
fn check_deploy_refuses_what_is_not_for_strangers() {
    let release = Release::alone();
    let checked = release.launch().run(&["check", "--deploy"], "");
    let lines = checked.output.join("\n");
    assert_eq!(checked.code, Some(1), "{lines}");
    assert!(lines.contains("FAILED   deployment: XKCDAPP_PUBLIC_URL is not set"), "{lines}");
    let behind_tls = release
        .launch()
        .set("XKCDAPP_PUBLIC_URL", "https://xkcd.example.org")
        .set("XKCDAPP_TRUSTED_PROXIES", "1")
        .run(&["check", "--deploy"], "");
    assert_eq!(behind_tls.code, Some(0), "{:?}", behind_tls.output);
}
