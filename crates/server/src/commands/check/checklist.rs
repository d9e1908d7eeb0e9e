//! `check --deploy`: what a service that strangers reach has to have, as far as settings show it.

use std::collections::BTreeSet;
use std::time::Duration;

use xkcd_domain::secret::SecretValue;

use super::Finding;
use crate::config::{Config, SessionsConfig, StoreConfig, TlsConfig};

/// Fewer different characters are hardly random.
const DIFFERENT_CHARACTERS: usize = 8;
/// ECS waits no longer between SIGTERM and SIGKILL, and the log takes a moment.
const LONGEST_SHUTDOWN: Duration = Duration::from_secs(110);

/// The findings of the checklist; what is fine is one line.
pub(super) fn findings(config: &Config, secret_key: Option<&SecretValue>) -> Vec<Finding> {
    let failed = |text: &str| Finding::Failed("deployment", text.to_owned());
    let doubtful = |text: &str| Finding::Doubtful("deployment", text.to_owned());
    let url = config.http.public_url.as_ref();
    let behind_tls = url.is_some_and(super::PublicUrl::is_https);
    let log = config.log.filter.to_lowercase();
    let rules = [
        (url.is_none(), failed("XKCDAPP_PUBLIC_URL is not set: links and hosts are guessed")),
        (
            url.is_some() && !behind_tls,
            failed("XKCDAPP_PUBLIC_URL is not https: cookies are not Secure, and there is no HSTS"),
        ),
        (
            behind_tls && config.http.trusted_proxies == 0,
            failed("XKCDAPP_TRUSTED_PROXIES is 0 behind https: what ends TLS is taken for the client"),
        ),
        (
            url.is_some_and(|url| !config.http.allowed_hosts.allows(url.host(), url)),
            failed(
                "XKCDAPP_ALLOWED_HOSTS lacks the host of XKCDAPP_PUBLIC_URL: every visitor would get a 400",
            ),
        ),
        (
            config.store == StoreConfig::Postgres(TlsConfig::Disable),
            failed("XKCDAPP_DATABASE_TLS is disable: passwords and counts can be read on the way"),
        ),
        (
            config.sessions == SessionsConfig::Redis(TlsConfig::Disable),
            failed("XKCDAPP_REDIS_TLS is disable: sessions can be read on the way"),
        ),
        (
            secret_key.is_some_and(|key| !looks_random(key.expose())),
            failed("SECRET_KEY has few different characters: make one with `openssl rand -hex 32`"),
        ),
        (
            config.http.metrics_listen.is_some_and(|address| address.ip().is_unspecified()),
            doubtful("XKCDAPP_METRICS_LISTEN is on all addresses: keep its port off the internet"),
        ),
        (
            log.contains("debug") || log.contains("trace"),
            doubtful("XKCDAPP_LOG is debug or finer: every request is a line"),
        ),
        (
            config.shutdown > LONGEST_SHUTDOWN,
            doubtful("XKCDAPP_SHUTDOWN_SECONDS is over 110: ECS kills after 120 at the latest"),
        ),
    ];
    let found: Vec<_> =
        rules.into_iter().filter_map(|(applies, finding)| applies.then_some(finding)).collect();
    if found.is_empty() {
        return vec![Finding::Fine(
            "deployment",
            "public URL, TLS, proxies, key, log and shutdown are fit".to_owned(),
        )];
    }
    found
}

fn looks_random(key: &str) -> bool {
    key.chars().collect::<BTreeSet<_>>().len() >= DIFFERENT_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Lookup, Source};

    struct Given<'a>(&'a [(&'a str, &'a str)]);

    impl Lookup for Given<'_> {
        fn value(&self, name: &str) -> Option<(String, Source)> {
            // The last one said wins.
            let found = self.0.iter().rev().find(|(given, _)| *given == name);
            found.map(|(_, value)| ((*value).to_owned(), Source::Environment))
        }
    }

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const GOOD: &[(&str, &str)] = &[
        ("XKCDAPP_PUBLIC_URL", "https://xkcd.example.org"),
        ("XKCDAPP_TRUSTED_PROXIES", "1"),
        ("XKCDAPP_STORE", "postgres"),
        ("XKCDAPP_SESSIONS", "redis"),
        ("XKCDAPP_SECRETS", "ssm"),
    ];

    fn found(worse: &[(&str, &str)], key: &str) -> Vec<String> {
        let given: Vec<_> = GOOD.iter().chain(worse).copied().collect();
        let config = Config::parse(&Given(&given), |_| None).unwrap();
        findings(&config, Some(&SecretValue::new(key.to_owned()))).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn settings_that_are_fit_are_one_line() {
        let lines = found(&[], KEY);
        assert!(lines.len() == 1 && lines[0].starts_with("ok "), "{lines:?}");
    }

    #[test]
    fn each_setting_that_is_not_fit_is_told() {
        for (name, value, level) in [
            ("XKCDAPP_PUBLIC_URL", "http://xkcd.example.org", "FAILED"),
            ("XKCDAPP_TRUSTED_PROXIES", "0", "FAILED"),
            ("XKCDAPP_ALLOWED_HOSTS", "other.example.org", "FAILED"),
            ("XKCDAPP_DATABASE_TLS", "disable", "FAILED"),
            ("XKCDAPP_REDIS_TLS", "disable", "FAILED"),
            ("XKCDAPP_METRICS_LISTEN", "0.0.0.0:9000", "WARNING"),
            ("XKCDAPP_LOG", "info,xkcdapp=debug", "WARNING"),
            ("XKCDAPP_SHUTDOWN_SECONDS", "120", "WARNING"),
        ] {
            let lines = found(&[(name, value)], KEY);
            assert!(lines.len() == 1 && lines[0].starts_with(level) && lines[0].contains(name), "{lines:?}");
        }
        let lines = found(&[], "abababababababababababababababab");
        assert!(lines.len() == 1 && lines[0].contains("SECRET_KEY"), "{lines:?}");
    }

    #[test]
    fn the_embedded_default_is_not_for_strangers() {
        let config = Config::parse(&Given(&[]), |_| None).unwrap();
        let lines: Vec<_> = findings(&config, None).iter().map(ToString::to_string).collect();
        assert!(lines.len() == 1 && lines[0].contains("XKCDAPP_PUBLIC_URL is not set"), "{lines:?}");
    }
}
