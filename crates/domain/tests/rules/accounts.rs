use xkcd_domain::account::{Account, PasswordHash, Role, SessionEpoch, Username};

fn account(role: Role, active: bool) -> Account {
    let username: Username = "randall".parse().unwrap();
    let password_hash = PasswordHash::new("$argon2id$secret");
    Account { username, role, active, password_hash, epoch: SessionEpoch::default() }
}

#[test]
fn a_username_is_kept_as_it_was_written() {
    for name in ["a", "Randall.M+x-y_z@example.org", &"n".repeat(150)] {
        assert_eq!(name.parse::<Username>().unwrap().as_str(), name);
    }
}

#[test]
fn what_is_no_username_is_refused() {
    let long = "n".repeat(151);
    for name in ["", " ", "a b", "a\n", "a\0", "ä", "а", "a/b", "a'--", "<b>", "a\u{202e}b", &long] {
        assert!(name.parse::<Username>().is_err(), "{name:?}");
    }
}

#[test]
fn a_role_is_read_as_it_is_written() {
    for role in [Role::Superuser, Role::Viewer] {
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    assert!(["", "Superuser", "admin", "viewer "].iter().all(|it| it.parse::<Role>().is_err()));
}

#[test]
fn only_an_active_superuser_is_an_active_superuser() {
    assert!(account(Role::Superuser, true).is_active_superuser());
    assert!(!account(Role::Superuser, false).is_active_superuser());
    assert!(!account(Role::Viewer, true).is_active_superuser());
}

#[test]
fn an_account_does_not_show_its_password_hash() {
    assert!(!format!("{:?}", account(Role::Viewer, true)).contains("argon2id"));
}
