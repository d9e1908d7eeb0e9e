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
    for arguments in [&["create-admin"][..], &["create-admin", "--username", "grace"]] {
        launch(&data).run(arguments, "grace\n").assert_refused(1, &["there is no terminal", "--no-input"]);
    }
}

const CREATE: &[&str] = &["create-admin"];

#[test]
fn at_a_terminal_name_and_password_are_asked_for_and_the_password_is_not_shown() {
    let data = tempfile::tempdir().unwrap();
    let typed = [
        ("Username: ", "grace\r"),
        ("Password: ", "kettle-moss-tricycle\r"),
        ("again: ", "kettle-moss-tricycle\r"),
    ];
    let (code, screen) = launch(&data).at_a_terminal(CREATE, &typed);
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("made the account grace") && !screen.contains(PASSWORD), "{screen}");
    let app = launch(&data).start();
    assert_eq!(Browser::of(&app).sign_in("grace", PASSWORD).status, 303);
}

#[test]
fn a_password_that_is_weak_or_mistyped_is_asked_for_again_and_three_times_at_most() {
    let data = tempfile::tempdir().unwrap();
    let name = ("Username: ", "grace\r");
    let weak = ("Password: ", "hunter2\r");
    let typed = [
        name,
        weak,
        ("at least 12 characters.\r\nPassword: ", "kettle-moss-tricycle\r"),
        ("again: ", "kettle-moss-bicycle\r"),
        ("both times.\r\nPassword: ", "kettle-moss-tricycle\r"),
        ("again: ", "kettle-moss-tricycle\r"),
    ];
    let (code, screen) = launch(&data).at_a_terminal(CREATE, &typed);
    assert_eq!(code, Some(0), "{screen}");
    let (code, screen) = launch(&data).at_a_terminal(&["change-password"], &[name, weak, weak, weak]);
    assert_eq!((code, screen.matches("Password: ").count()), (Some(1), 3), "{screen}");
    assert!(screen.contains("xkcdapp: A password has at least 12"), "{screen}");
}

#[test]
fn ctrl_d_and_ctrl_c_do_nothing_and_leave_a_terminal_that_shows_what_is_typed() {
    let data = tempfile::tempdir().unwrap();
    for (key, said) in [("\u{4}", "nothing was typed"), ("\u{3}", "interrupted")] {
        let (code, screen) =
            launch(&data).at_a_terminal(CREATE, &[("Username: ", "grace\r"), ("Password: ", key)]);
        assert_eq!(code, Some(1), "{screen}");
        assert!(screen.contains(said) && screen.contains("nothing was done"), "{screen}");
        assert!(screen.contains(" echo ") && !screen.contains("-echo "), "{screen}");
    }
    let (code, screen) = launch(&data).at_a_terminal(CREATE, &[("Username: ", "\u{4}")]);
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("nothing was typed"), "{screen}");
    launch(&data)
        .set("XKCDAPP_ADMIN_USERNAME", "grace")
        .set("XKCDAPP_ADMIN_PASSWORD", PASSWORD)
        .run(&["change-password", "--no-input"], "")
        .assert_refused(1, &["no account"]);
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
