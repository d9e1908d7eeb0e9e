//! Accounts on the command line.

use crate::support::{Browser, Ended, Launch, PASSWORD};

fn launch(data: &tempfile::TempDir) -> Launch {
    Launch::development().data(data.path())
}

fn create(data: &tempfile::TempDir, name: &str, password: &str, options: &[&str]) -> Ended {
    let arguments: Vec<_> = ["create-admin", "--no-input"].iter().chain(options).copied().collect();
    let launch = launch(data).set("XKCDAPP_ADMIN_USERNAME", name).set("XKCDAPP_ADMIN_PASSWORD", password);
    launch.run(&arguments, "")
}

#[test]
fn an_account_is_made_once_and_may_be_asked_for_again() {
    let data = tempfile::tempdir().unwrap();
    let made = create(&data, "grace", PASSWORD, &[]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(made.output, ["made the account grace, a superuser"]);
    create(&data, "grace", PASSWORD, &[]).assert_refused(1, &["there is an account grace"]);
    let again = create(&data, "grace", "another-password-of-hers", &["--if-missing"]);
    assert_eq!((again.code, again.output), (Some(0), vec!["there is an account grace".to_owned()]));
    let app = launch(&data).start();
    assert_eq!(Browser::of(&app).sign_in("grace", "another-password-of-hers").status, 403);
    assert_eq!(Browser::of(&app).sign_in("grace", PASSWORD).status, 303);
}

#[test]
fn a_viewer_is_made_when_that_is_said() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(create(&data, "vera", PASSWORD, &["--role", "viewer"]).code, Some(0));
    assert_eq!(create(&data, "x", PASSWORD, &["--role", "king"]).code, Some(2));
    let app = launch(&data).start();
    assert_eq!(Browser::signed_in(&app, "vera").get("/admin/accounts/").status, 403);
}

#[test]
fn weak_passwords_and_names_that_are_none_are_refused_without_being_repeated() {
    let data = tempfile::tempdir().unwrap();
    for (password, why) in
        [("hunter2", "at least 12"), ("password12345", "guessed"), ("grace-grace-1", "guessed")]
    {
        let ended = create(&data, "grace", password, &[]);
        ended.assert_refused(1, &[why]);
        assert!(!format!("{ended:?}").contains(password), "{ended:?}");
    }
    create(&data, "a b", PASSWORD, &[]).assert_refused(2, &["a username is"]);
    create(&data, "grace", "", &[]).assert_refused(1, &["XKCDAPP_ADMIN_PASSWORD"]);
    launch(&data).run(&["create-admin", "--no-input"], "").assert_refused(2, &["XKCDAPP_ADMIN_USERNAME"]);
    assert_eq!(create(&data, "grace", PASSWORD, &["--password", "x"]).code, Some(2), "never an option");
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let data = tempfile::tempdir().unwrap();
    let ended = launch(&data).run(&["create-admin", "--username", "grace"], "");
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn the_password_of_an_account_that_is_not_there_is_not_changed() {
    let data = tempfile::tempdir().unwrap();
    let launch = launch(&data).set("XKCDAPP_ADMIN_USERNAME", "eve").set("XKCDAPP_ADMIN_PASSWORD", PASSWORD);
    launch.run(&["change-password", "--no-input"], "").assert_refused(1, &["no account of that name"]);
}

#[test]
fn serve_takes_the_variables_of_these_verbs_for_what_they_are() {
    let data = tempfile::tempdir().unwrap();
    let app =
        launch(&data).set("XKCDAPP_ADMIN_USERNAME", "eve").set("XKCDAPP_ADMIN_PASSWORD", PASSWORD).start();
    assert!(app.log().iter().all(|line| line["event"] != "config.unknown"));
}
