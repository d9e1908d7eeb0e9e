//! Signing in: what it takes, what it gives, and how often it may be tried.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Site;
use crate::support::{Browser, PASSWORD, SUPERUSER, VIEWER, percent, value_of};

const COOKIE: &str = "xkcdapp_session";

#[test]
fn the_right_password_leads_in_with_a_cookie_that_only_browsers_can_read() {
    let site = Site::new();
    let mut browser = Browser::of(&site.app);
    let answer = browser.sign_in(SUPERUSER, PASSWORD);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/admin/")));
    let cookies: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    let session = cookies.iter().find(|(_, cookie)| cookie.starts_with("xkcdapp_session=")).unwrap();
    let mut attributes: Vec<_> = session.1.split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax"]);
    assert_eq!(browser.cookies[COOKIE].len(), 43);
    let page = browser.get("/admin/");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<bdi>ada</bdi>"), "{}", page.text());
}

#[test]
fn behind_tls_the_cookies_belong_to_this_very_host() {
    let site = Site::of(|launch| launch.set("XKCDAPP_PUBLIC_URL", "https://xkcd.example.org"));
    let mut browser = Browser::of(&site.app).header("Host", "xkcd.example.org");
    let form = browser.get("/admin/login/");
    let cookie = form.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-xkcdapp_csrf=") && cookie.contains("; Secure"), "{cookie}");
    let answer = browser.sign_in(SUPERUSER, PASSWORD);
    let mut cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let session = cookies.find(|(_, cookie)| cookie.starts_with("__Host-xkcdapp_session=")).unwrap();
    assert!(session.1.contains("; Secure") && session.1.contains("; Path=/"), "{session:?}");
    assert_eq!(browser.get("/admin/").status, 200);
}

#[test]
fn to_look_at_the_form_stores_nothing() {
    let site = Site::new();
    for _ in 0..5 {
        assert_eq!(Browser::of(&site.app).get("/admin/login/").status, 200);
    }
    let stored = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM sign_in_attempts)";
    assert_eq!(site.database().number(stored), 0);
}

#[test]
fn the_store_knows_the_hash_of_a_session_and_not_the_session() {
    let site = Site::new();
    let browser = site.superuser();
    let id = URL_SAFE_NO_PAD.decode(&browser.cookies[COOKIE]).unwrap();
    let stored = |key: &[u8]| {
        let key = key.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        site.database().number(&format!("SELECT count(*) FROM sessions WHERE session_key = '{key}'"))
    };
    assert_eq!((stored(&Sha256::digest(&id)), stored(&id)), (1, 0));
    assert_eq!(site.database().number("SELECT count(*) FROM sessions"), 1);
}

#[test]
fn a_wrong_password_an_unknown_name_and_a_deactivated_account_get_the_same_bytes() {
    let site = Site::new();
    site.database().run("UPDATE accounts SET active = 0 WHERE username = 'vera'");
    let mut browser = Browser::of(&site.app);
    let mut try_in = |name: &str, password| {
        let answer = browser.sign_in(name, password);
        assert!(!browser.cookies.contains_key(COOKIE));
        let page = answer.text();
        let token = value_of(&page, "csrf_token");
        (answer.status, page.replace(&format!("value=\"{name}\""), "").replace(&token, ""))
    };
    let wrong = try_in(SUPERUSER, "wrong-wrong-wrong");
    assert_eq!(wrong.0, 403);
    assert_eq!(try_in("eve", "wrong-wrong-wrong"), wrong);
    assert_eq!(try_in("no such name", PASSWORD), wrong);
    assert_eq!(try_in(VIEWER, PASSWORD), wrong);
    assert_eq!(try_in(SUPERUSER, ""), wrong);
}

#[test]
fn a_form_that_is_shown_again_keeps_the_name_and_not_the_password() {
    let site = Site::new();
    let page = Browser::of(&site.app).sign_in("eve", "a-password-of-mine").text();
    assert!(
        page.contains(r#"name="username" value="eve""#) && !page.contains("a-password-of-mine"),
        "{page}"
    );
}

#[test]
fn a_deep_link_survives_signing_in() {
    let site = Site::new();
    let mut browser = Browser::of(&site.app);
    let deep = "/admin/comics/?q=exact+count&order=-views";
    let answer = browser.get(deep);
    let login = answer.header("location").unwrap().to_owned();
    assert_eq!(answer.status, 303);
    assert_eq!(login, format!("/admin/login/?next={}", percent(deep)));
    let form = browser.get(&login).text();
    let next = value_of(&form, "next").replace("&amp;", "&").replace("&#x2F;", "/").replace("&#x3D;", "=");
    let token = value_of(&form, "csrf_token");
    let fields =
        [("csrf_token", token.as_str()), ("username", SUPERUSER), ("password", PASSWORD), ("next", &next)];
    assert_eq!(browser.post("/admin/login/", &fields).header("location"), Some(deep));
}

#[test]
fn nobody_is_led_to_another_site() {
    let site = Site::new();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/\r\nSet-Cookie: a=b",
        "@evil.example",
        "",
    ] {
        let mut browser = Browser::of(&site.app);
        let form = browser.get(&format!("/admin/login/?next={}", percent(next))).text();
        assert_eq!(value_of(&form, "next").replace("&#x2F;", "/"), "/admin/", "{next:?}");
        let fields = [("username", SUPERUSER), ("password", PASSWORD), ("next", next)];
        let answer = browser.submit("/admin/login/", "/admin/login/", &fields);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/admin/")), "{next:?}");
    }
}

#[test]
fn a_form_without_its_token_signs_nobody_in_and_comes_back_fresh() {
    let site = Site::new();
    let mut browser = Browser::of(&site.app);
    let token = browser.token("/admin/login/");
    let mut foreign = Browser::of(&site.app);
    let of_another = foreign.token("/admin/login/");
    let first = if token.starts_with('A') { 'B' } else { 'A' };
    let tampered = format!("{first}{}", &token[1..]);
    for sent in ["", "x", &of_another, &tampered] {
        let fields = [("csrf_token", sent), ("username", SUPERUSER), ("password", PASSWORD)];
        let answer = browser.post("/admin/login/", &fields);
        let page = answer.text();
        assert_eq!(answer.status, 403, "{sent}");
        assert!(page.contains(r#"value="ada""#) && !page.contains(PASSWORD), "{page}");
        assert!(!browser.cookies.contains_key(COOKIE));
    }
    // A token that the server did not sign, in cookie and form alike, is none.
    let unsigned = "A".repeat(75);
    browser.cookies.insert("xkcdapp_csrf".to_owned(), unsigned.clone());
    // Masked with zeros.
    let sent = URL_SAFE_NO_PAD.encode([vec![0; unsigned.len()], unsigned.into_bytes()].concat());
    let fields = [("csrf_token", sent.as_str()), ("username", SUPERUSER), ("password", PASSWORD)];
    let fresh = browser.post("/admin/login/", &fields);
    assert_eq!(fresh.status, 403);
    // What comes back can be sent.
    let token = value_of(&fresh.text(), "csrf_token");
    let fields = [("csrf_token", token.as_str()), ("username", SUPERUSER), ("password", PASSWORD)];
    assert_eq!(browser.post("/admin/login/", &fields).status, 303);
}

#[test]
fn each_page_holds_another_token_and_each_of_them_is_good() {
    let site = Site::new();
    let mut browser = Browser::of(&site.app);
    let tokens = [browser.token("/admin/login/"), browser.token("/admin/login/")];
    assert_ne!(tokens[0], tokens[1]);
    assert!(!tokens.contains(&browser.cookies["xkcdapp_csrf"]));
    let fields = [("csrf_token", tokens[0].as_str()), ("username", SUPERUSER), ("password", PASSWORD)];
    assert_eq!(browser.post("/admin/login/", &fields).status, 303);
    let tokens = [browser.token("/admin/comics/?q=a"), browser.token("/admin/comics/?q=a")];
    assert_ne!(tokens[0], tokens[1]);
    for token in tokens {
        let fields = [("csrf_token", token.as_str()), ("action", "reset")];
        assert_eq!(browser.post("/admin/comics/bulk/", &fields).status, 303);
    }
}

#[test]
fn who_sends_a_form_after_the_session_ended_is_told_and_led_back_to_its_page() {
    let site = Site::with_rows(1);
    for (path, next) in [
        ("/admin/comics/1000001/", "/admin/comics/1000001/"),
        ("/admin/comics/bulk/", "/admin/comics/"),
        ("/admin/accounts/", "/admin/accounts/"),
    ] {
        let mut browser = Browser::of(&site.app);
        let answer = browser.post(path, &[("views", "7")]);
        let login = answer.header("location").unwrap();
        assert!(login.starts_with("/admin/login/"), "{login}");
        let page = browser.get(login).text();
        assert!(page.contains("what you sent was not done"), "{page}");
        assert_eq!(value_of(&page, "next").replace("&#x2F;", "/"), next);
        assert_eq!(site.superuser().get(next).status, 200, "{next}");
    }
    let answer = Browser::of(&site.app).get("/admin/comics/");
    assert!(!answer.header("location").unwrap().contains("done"));
    assert_eq!(Browser::of(&site.app).post("/admin/logout/", &[]).header("location"), Some("/admin/login/"));
}

#[test]
fn a_form_of_another_site_signs_nobody_in() {
    let site = Site::new();
    for (name, value) in
        [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        let mut browser = Browser::of(&site.app);
        let token = browser.token("/admin/login/");
        let fields = [("csrf_token", token.as_str()), ("username", SUPERUSER), ("password", PASSWORD)];
        let mut browser = browser.header(name, value);
        assert_eq!(browser.post("/admin/login/", &fields).status, 403, "{name}: {value}");
        assert!(!browser.cookies.contains_key(COOKIE));
    }
}

#[test]
fn five_attempts_at_a_name_from_one_address_and_no_sixth() {
    let site = Site::new();
    let mut browser = Browser::of(&site.app);
    for _ in 0..5 {
        assert_eq!(browser.sign_in("eve", "wrong-wrong-wrong").status, 403);
    }
    // An unknown name is no different, and a header that nobody vouches for does not help.
    let mut forging = browser.clone().header("X-Forwarded-For", "203.0.113.99");
    for browser in [&mut browser, &mut forging] {
        let answer = browser.sign_in("eve", "wrong-wrong-wrong");
        assert_eq!(answer.status, 429);
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        assert!(answer.text().contains("Too many attempts"));
    }
    assert_eq!(browser.sign_in(SUPERUSER, PASSWORD).status, 303, "another name has attempts of its own");
}

#[test]
fn twenty_attempts_from_one_address_and_the_owner_elsewhere_is_not_locked_out() {
    let site = Site::of(|launch| launch.set("XKCDAPP_TRUSTED_PROXIES", "1"));
    let mut attacker = Browser::of(&site.app).header("X-Forwarded-For", "203.0.113.7");
    for attempt in 0..20 {
        let name = if attempt < 5 { SUPERUSER.to_owned() } else { format!("name{attempt}") };
        assert_eq!(attacker.sign_in(&name, "wrong-wrong-wrong").status, 403);
    }
    assert_eq!(attacker.sign_in("somebody.else", "wrong-wrong-wrong").status, 429);
    let mut forging = Browser::of(&site.app).header("X-Forwarded-For", "198.51.100.1, 203.0.113.7");
    assert_eq!(
        forging.sign_in(SUPERUSER, PASSWORD).status,
        429,
        "what the client wrote itself does not count"
    );
    let mut owner = Browser::of(&site.app).header("X-Forwarded-For", "198.51.100.1");
    assert_eq!(owner.sign_in(SUPERUSER, PASSWORD).status, 303);
}

#[test]
fn who_signs_in_each_time_may_do_so_any_number_of_times() {
    let site = Site::new();
    for _ in 0..25 {
        site.superuser();
    }
}
