//! What ends a session: on the server, whatever a browser keeps.

use super::Site;
use crate::support::{App, Browser, Launch, PASSWORD, SUPERUSER, VIEWER};

const COOKIE: &str = "xkcdapp_session";

on_any_store! {
    a_cookie_from_before_signing_in_is_dead_after_it,
    signing_out_ends_this_session_and_no_other,
    signing_out_takes_a_form_of_the_session,
    changing_the_password_ends_the_other_sessions_and_keeps_this_one_under_a_new_id,
    the_current_password_cannot_be_guessed_at_a_screen_that_was_left_alone,
    a_change_of_role_and_deactivation_end_every_session_of_the_account,
    the_last_superuser_stays_one,
    cookies_that_were_tampered_with_are_nobodys,
}

#[track_caller]
fn superuser(app: &App) -> Browser {
    Browser::signed_in(app, SUPERUSER)
}

/// Whether a browser's cookie is still good.
#[track_caller]
fn is_in(browser: &Browser) -> bool {
    // A copy, as somebody has who stole it.
    let answer = browser.clone().get("/admin/");
    assert!(matches!(answer.status, 200 | 303), "{}", answer.status);
    answer.status == 200
}

fn a_cookie_from_before_signing_in_is_dead_after_it(app: &App) {
    let mut browser = superuser(app);
    let before = browser.clone();
    assert!(is_in(&before));
    assert_eq!(browser.sign_in(SUPERUSER, PASSWORD).status, 303);
    assert_ne!(browser.cookies[COOKIE], before.cookies[COOKIE]);
    assert!(is_in(&browser) && !is_in(&before));
    // Nor does the server take an id that a browser brings along.
    let mut planted = Browser::of(app);
    planted.cookies.insert(COOKIE.to_owned(), "A".repeat(43));
    let thief = planted.clone();
    assert_eq!(planted.sign_in(SUPERUSER, PASSWORD).status, 303);
    assert!(is_in(&planted) && !is_in(&thief));
}

fn signing_out_ends_this_session_and_no_other(app: &App) {
    let (mut browser, other) = (superuser(app), superuser(app));
    let thief = browser.clone();
    let answer = browser.submit("/admin/", "/admin/logout/", &[]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/admin/login/")));
    assert!(!browser.cookies.contains_key(COOKIE));
    assert!(!is_in(&thief) && is_in(&other));
}

fn signing_out_takes_a_form_of_the_session(app: &App) {
    let mut browser = superuser(app);
    assert_eq!(browser.get("/admin/logout/").status, 405);
    for token in ["", "x", &Browser::signed_in(app, VIEWER).token("/admin/")] {
        assert_eq!(browser.post("/admin/logout/", &[("csrf_token", token)]).status, 403);
    }
    assert!(is_in(&browser));
}

fn changing_the_password_ends_the_other_sessions_and_keeps_this_one_under_a_new_id(app: &App) {
    let (mut browser, other) = (superuser(app), superuser(app));
    let before = browser.clone();
    let new = "a-barrel-of-violins";
    let change = |browser: &mut Browser, current, new, again| {
        let fields = [("current", current), ("new", new), ("again", again)];
        browser.submit("/admin/password/", "/admin/password/", &fields)
    };
    for (current, first, second, why) in [
        ("wrong-wrong-wrong", new, new, "not your current"),
        (PASSWORD, new, "a-barrel-of-violas", "not the same"),
        (PASSWORD, "short", "short", "at least 12"),
        (PASSWORD, "password12345", "password12345", "guessed"),
    ] {
        let answer = change(&mut browser, current, first, second);
        assert_eq!(answer.status, 422, "{why}");
        assert!(answer.text().contains(why), "{why}: {}", answer.text());
    }
    assert!(is_in(&other));

    assert_eq!(change(&mut browser, PASSWORD, new, new).header("location"), Some("/admin/?done=password"));
    assert!(is_in(&browser) && !is_in(&other) && !is_in(&before));
    assert_eq!(Browser::of(app).sign_in(SUPERUSER, PASSWORD).status, 403);
    assert_eq!(Browser::of(app).sign_in(SUPERUSER, new).status, 303);
}

#[test]
fn who_changes_the_password_and_gets_no_session_is_told_that_it_was_changed() {
    let site = Site::new();
    let mut browser = site.superuser();
    let token = browser.token("/admin/password/");
    site.database().run(
        "CREATE TRIGGER no_more_sessions BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'no more'); END",
    );
    let new = "a-barrel-of-violins";
    let fields = [("csrf_token", token.as_str()), ("current", PASSWORD), ("new", new), ("again", new)];
    let answer = browser.post("/admin/password/", &fields);
    assert_eq!(answer.header("location"), Some("/admin/login/?done=password-anew"));
    let page = browser.get("/admin/login/?done=password-anew").text();
    assert!(page.contains("Your password was changed; sign in with it."), "{page}");
    site.database().run("DROP TRIGGER no_more_sessions");
    assert_eq!(browser.sign_in(SUPERUSER, new).status, 303);
    site.app.logged("the change", |line| {
        line["event"] == "admin.account" && line["action"] == "password" && line["account"] == SUPERUSER
    });
}

fn the_current_password_cannot_be_guessed_at_a_screen_that_was_left_alone(app: &App) {
    let mut browser = superuser(app);
    let fields = [("current", "wrong-wrong-wrong"), ("new", "a-barrel-of-violins"), ("again", "")];
    for _ in 0..5 {
        assert_eq!(browser.submit("/admin/password/", "/admin/password/", &fields).status, 422);
    }
    let answer = browser.submit("/admin/password/", "/admin/password/", &fields);
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").is_some());
}

fn a_change_of_role_and_deactivation_end_every_session_of_the_account(app: &App) {
    let mut superuser = superuser(app);
    for action in ["promote", "demote", "deactivate", "activate"] {
        let vera = (action != "activate").then(|| Browser::signed_in(app, VIEWER));
        let fields = [("username", VIEWER), ("action", action)];
        let answer = superuser.submit("/admin/accounts/", "/admin/accounts/", &fields);
        assert_eq!(answer.header("location"), Some("/admin/accounts/?done=account"), "{action}");
        assert!(vera.is_none_or(|vera| !is_in(&vera)), "{action}");
        assert!(is_in(&superuser));
    }
    assert!(is_in(&Browser::signed_in(app, VIEWER)));
    app.logged("who did what to whom", |line| {
        line["event"] == "admin.account"
            && [&line["action"], &line["by"], &line["account"]] == ["demote", SUPERUSER, VIEWER]
    });
}

fn the_last_superuser_stays_one(app: &App) {
    let mut superuser = superuser(app);
    for action in ["demote", "deactivate"] {
        let fields = [("username", SUPERUSER), ("action", action)];
        let answer = superuser.submit("/admin/accounts/", "/admin/accounts/", &fields);
        assert_eq!(answer.status, 409, "{action}");
        assert!(answer.text().contains("last superuser"), "{}", answer.text());
    }
    assert!(is_in(&superuser));
    // With another one it may go, and is out at once.
    let fields = [("username", VIEWER), ("action", "promote")];
    assert_eq!(superuser.submit("/admin/accounts/", "/admin/accounts/", &fields).status, 303);
    let fields = [("username", SUPERUSER), ("action", "demote")];
    assert_eq!(superuser.submit("/admin/accounts/", "/admin/accounts/", &fields).status, 303);
    assert!(!is_in(&superuser));
    let mut demoted = Browser::signed_in(app, SUPERUSER);
    assert_eq!(demoted.get("/admin/accounts/").status, 403);
}

#[test]
fn a_password_changed_on_the_command_line_ends_every_session() {
    let site = Site::new();
    let browser = site.superuser();
    let verb = Launch::development()
        .data(site.folder())
        .set("XKCDAPP_ADMIN_USERNAME", SUPERUSER)
        .set("XKCDAPP_ADMIN_PASSWORD", "a-barrel-of-violins");
    assert_eq!(verb.run(&["change-password", "--no-input"], "").code, Some(0));
    assert!(!is_in(&browser));
    assert_eq!(Browser::of(&site.app).sign_in(SUPERUSER, "a-barrel-of-violins").status, 303);
}

fn cookies_that_were_tampered_with_are_nobodys(app: &App) {
    let browser = superuser(app);
    let good = browser.cookies[COOKIE].clone();
    let mut others: Vec<String> = (0..good.len() - 1)
        .map(|index| {
            let mut other = good.clone().into_bytes();
            other[index] = if other[index] == b'A' { b'B' } else { b'A' };
            String::from_utf8(other).unwrap()
        })
        .collect();
    others.extend(
        ["", "x", "%00", "\u{e9}", "\"\"", &good[1..], &format!("{good}A"), &good.repeat(50)]
            .map(str::to_owned),
    );
    for other in others {
        let mut browser = Browser::of(app);
        browser.cookies.insert(COOKIE.to_owned(), other.clone());
        let answer = browser.get("/admin/");
        assert_eq!(answer.status, 303, "{other}");
    }
    assert!(is_in(&browser));
}

#[test]
fn a_session_that_is_over_is_nobodys() {
    let site = Site::new();
    let idle = site.superuser();
    site.database().run("UPDATE sessions SET expires_at_ms = 1");
    assert!(!is_in(&idle));
    let old = site.superuser();
    site.database().run("UPDATE sessions SET signed_in_at = signed_in_at - 12 * 3600");
    assert!(!is_in(&old));
}

#[test]
fn whoever_is_active_stays_in() {
    let site = Site::new();
    let mut browser = site.superuser();
    let expiry = "SELECT max(expires_at_ms) FROM sessions";
    site.database().run("UPDATE sessions SET expires_at_ms = expires_at_ms - 1800000");
    let before = site.database().number(expiry);
    assert_eq!(browser.get("/admin/comics/").status, 200);
    assert!(site.database().number(expiry) > before + 1_700_000);
}
