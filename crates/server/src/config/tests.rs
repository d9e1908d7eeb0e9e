//! Settings as they are given, and what is said of those that are not fit.

use super::*;

struct Given(&'static [(&'static str, &'static str)]);

impl Lookup for Given {
    fn value(&self, name: &str) -> Option<(String, Source)> {
        let found = self.0.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| ((*value).to_owned(), Source::Environment))
    }
}

fn parse(given: &'static [(&'static str, &'static str)]) -> Result<Config, Mistakes> {
    Config::parse(&Given(given), |_| None)
}

#[test]
fn nothing_given_is_the_embedded_default() {
    let config = parse(&[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.comics, ComicsConfig::Xkcd("https://xkcd.com".into()));
    assert_eq!(config.shutdown, Duration::from_secs(20));
    assert!(config.http.metrics_listen.is_none() && config.http.public_url.is_none());
}

#[test]
fn every_mistake_is_told_at_once() {
    let given = &[
        ("XKCDAPP_LISTEN", "nowhere"),
        ("XKCDAPP_METRICS_LISTEN", "9090"),
        ("XKCDAPP_PUBLIC_URL", "example.org"),
        ("XKCDAPP_ALLOWED_HOSTS", "a,b:80"),
        ("XKCDAPP_TRUSTED_PROXIES", "-1"),
        ("XKCDAPP_COMICS", "garfield"),
        ("XKCDAPP_XKCD_URL", "http://xkcd.com"),
        ("XKCDAPP_STORE", "oracle"),
        ("XKCDAPP_SESSIONS", "cookie"),
        ("XKCDAPP_DATABASE_TLS", "prefer"),
        ("XKCDAPP_DATABASE_CA", "/nowhere/ca.pem"),
        ("XKCDAPP_REDIS_TLS", "verify-full"),
        ("XKCDAPP_REDIS_CA", "/nowhere/ca.pem"),
        ("XKCDAPP_SSM_PREFIX", "xkcdapp/test"),
        ("XKCDAPP_DATA", ""),
        ("XKCDAPP_SECRETS", "post-it"),
        ("XKCDAPP_LOG", "xkcdapp=loud"),
        ("XKCDAPP_LOG_FORMAT", "xml"),
        ("XKCDAPP_SHUTDOWN_SECONDS", "0"),
    ];
    let mistakes = parse(given).unwrap_err().to_string();
    assert_eq!(given.len(), SETTINGS.len(), "a setting is not tried here");
    for (name, _) in given {
        assert!(mistakes.contains(&format!("\n  {name}: ")), "{name} is not told in {mistakes}");
    }
}

proptest::proptest! {
    /// Whatever stands where: a setting is taken, or named among the mistakes in a line of its own.
    #[test]
    fn any_text_as_any_setting_is_taken_or_named(
        index in 0..SETTINGS.len(),
        text in proptest::prop_oneof!["\\PC{0,24}", "(https?://|[a-z=,/:-]){0,8}[0-9.:]{0,12}", "[\u{0}\n\t\u{7f} é]{0,4}"],
    ) {
        struct One(&'static str, String);
        impl Lookup for One {
            fn value(&self, name: &str) -> Option<(String, Source)> {
                (name == self.0).then(|| (self.1.clone(), Source::Environment))
            }
        }
        let name = SETTINGS[index].name;
        if let Err(mistakes) = Config::parse(&One(name, text), |_| None) {
            let said = mistakes.to_string();
            // A store that is told asks for its secrets.
            let is_told = said.contains(&format!("\n  {name}: ")) || said.contains("\n  DATABASE_") || said.contains("\n  ELASTICACHE_");
            proptest::prop_assert!(is_told, "{}: {}", name, said);
        }
    }
}

#[test]
fn a_file_without_certificates_is_a_mistake_like_others() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mistakes = parse(&[("XKCDAPP_DATABASE_CA", FILE), ("XKCDAPP_LOG_FORMAT", "xml")]);
    let mistakes = mistakes.unwrap_err().to_string();
    assert!(
        mistakes.contains("expected a file with certificates") && mistakes.contains("LOG_FORMAT"),
        "{mistakes}"
    );
}

#[test]
fn a_secret_key_of_spaces_is_none() {
    let spaces = |name: &str| (name == "SECRET_KEY").then(|| " ".repeat(40).into());
    let mistakes = Config::parse(&Given(&[]), spaces).unwrap_err().to_string();
    assert!(mistakes.contains("SECRET_KEY: is shorter than 32 bytes"), "{mistakes}");
}

#[test]
fn a_short_secret_key_is_refused_and_not_shown() {
    let short = |name: &str| (name == "SECRET_KEY").then(|| "hunter2".into());
    let mistakes = Config::parse(&Given(&[]), short).unwrap_err().to_string();
    assert!(mistakes.contains("SECRET_KEY: is shorter than 32 bytes") && !mistakes.contains("hunter2"));
}

#[test]
fn a_secret_that_is_no_text_is_a_mistake_and_not_a_missing_one() {
    use std::os::unix::ffi::OsStringExt;
    let garbled = |name: &str| (name == "SECRET_KEY").then(|| OsString::from_vec(vec![0xff; 40]));
    let mistakes = Config::parse(&Given(&[]), garbled).unwrap_err().to_string();
    assert!(mistakes.contains("SECRET_KEY: is not text in UTF-8"), "{mistakes}");
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    let mistakes = parse(&[("XKCDAPP_XKCD_URL", "https://me:hunter2@xkcd.com")]).unwrap_err().to_string();
    assert!(mistakes.contains("XKCDAPP_XKCD_URL") && !mistakes.contains("hunter2"), "{mistakes}");
}
