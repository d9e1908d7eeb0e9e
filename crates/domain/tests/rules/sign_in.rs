use std::net::IpAddr;

use xkcd_domain::throttle::SignInAttempt;

fn keys(name: &str, address: &str) -> [String; 2] {
    let attempt = SignInAttempt::new(name, address.parse::<IpAddr>().unwrap());
    [attempt.address_key().to_string(), attempt.name_and_address_key().to_string()]
}

#[test]
fn an_attempt_has_a_key_of_its_address_and_one_of_its_name_there() {
    let [address, name] = keys("randall", "192.0.2.7");
    assert_eq!(address, "192.0.2.7");
    assert!(name.ends_with("@192.0.2.7"));
    assert_eq!(keys("Randall", "192.0.2.7")[0], address);
    assert_ne!(keys("Randall", "192.0.2.7")[1], name);
    assert_ne!(keys("randall", "192.0.2.8")[1], name);
}

#[test]
fn a_name_reaches_no_store_whatever_it_is() {
    for name in ["", "randall", "a@b@c", "\0\r\n", &"x".repeat(100_000)] {
        let [_, key] = keys(name, "192.0.2.7");
        assert_eq!(key.len(), 32 + "@192.0.2.7".len());
        assert!(key[..32].bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    assert_eq!(keys("a", "2001:db8:1:2:3:4:5:6"), keys("a", "2001:db8:1:2:ffff::1"));
    assert_ne!(keys("a", "2001:db8:1:3::1"), keys("a", "2001:db8:1:2::1"));
}

#[test]
fn an_ipv4_address_is_one_however_it_is_written() {
    assert_eq!(keys("a", "::ffff:192.0.2.7"), keys("a", "192.0.2.7"));
}
