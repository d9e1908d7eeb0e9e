//! Settings of the source.

use std::net::IpAddr;
use std::time::Duration;

use ureq::http::Uri;

/// Settings of [`XkcdComics`](crate::XkcdComics). [`new`](Self::new) gives the defaults that are named at
/// each field; assign a field to change it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct XkcdConfig {
    /// Where the documents are: `https://…`, or `http://…` on a loopback address. The only host that is ever
    /// asked.
    pub base_url: String,
    /// The `User-Agent`, which should name the app and where its makers are found.
    pub user_agent: String,
    /// The longest time to make a connection, TLS included: 2 s.
    pub connect_timeout: Duration,
    /// The longest time for one fetch, a retry included: 5 s.
    pub fetch_timeout: Duration,
    /// How many fetches run at once: 16, and one more that looks whether an upstream that was down is back.
    /// Each takes a thread of the runtime's blocking pool.
    pub concurrent_fetches: usize,
    /// How long a document is good: 7 days.
    pub document_ttl: Duration,
    /// How long the newest number is good: 5 minutes.
    pub newest_ttl: Duration,
    /// The time between two fetches of the background fill: 500 ms, which is two a second.
    pub fill_interval: Duration,
    /// How often comics that others saved are loaded from the archive: 4 minutes.
    pub archive_reload: Duration,
    /// How long the right to fill the archive is claimed for: 60 s. It is renewed after a third of that.
    pub fill_lease: Duration,
}

impl XkcdConfig {
    /// The defaults.
    #[must_use]
    pub fn new(base_url: String, user_agent: String) -> Self {
        const MINUTE: Duration = Duration::from_mins(1);
        Self {
            base_url,
            user_agent,
            connect_timeout: Duration::from_secs(2),
            fetch_timeout: Duration::from_secs(5),
            concurrent_fetches: 16,
            document_ttl: Duration::from_hours(7 * 24),
            newest_ttl: 5 * MINUTE,
            fill_interval: Duration::from_millis(500),
            archive_reload: 4 * MINUTE,
            fill_lease: MINUTE,
        }
    }

    /// The base address without a slash at its end, and whether it is https.
    pub(crate) fn checked_base_url(&self) -> Result<(String, bool), XkcdConfigError> {
        let uri: Uri = self.base_url.parse().map_err(|_| XkcdConfigError::BaseUrl)?;
        let authority = uri.authority().ok_or(XkcdConfigError::BaseUrl)?;
        let https = uri.scheme_str() == Some("https");
        let plain_loopback = uri.scheme_str() == Some("http") && is_loopback(authority.host());
        let bare = uri.query().is_none() && !authority.as_str().contains('@');
        if (https || plain_loopback) && bare {
            Ok((self.base_url.trim_end_matches('/').to_owned(), https))
        } else {
            Err(XkcdConfigError::BaseUrl)
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |it| it.is_loopback())
}

/// Why the source can't be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XkcdConfigError {
    /// The base address is not one to fetch from.
    #[error("the base address must be https, or http on a loopback address, without query and user")]
    BaseUrl,
    /// A `User-Agent` that can't be sent, or none.
    #[error("the user agent must be visible ASCII text")]
    UserAgent,
    /// A time or a number that must be above zero.
    #[error("times and numbers must be above zero")]
    Zero,
    /// [`XkcdComics::start`](crate::XkcdComics::start) was called outside a Tokio runtime.
    #[error("there is no runtime to fetch on")]
    NoRuntime,
}

impl XkcdConfig {
    pub(crate) fn check(&self) -> Result<(), XkcdConfigError> {
        let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if self.user_agent.trim().is_empty() || !self.user_agent.bytes().all(visible) {
            return Err(XkcdConfigError::UserAgent);
        }
        let times = [
            self.connect_timeout,
            self.fetch_timeout,
            self.document_ttl,
            self.newest_ttl,
            self.fill_interval,
            self.archive_reload,
            self.fill_lease,
        ];
        let some = self.concurrent_fetches > 0 && times.iter().all(|it| !it.is_zero());
        if some { Ok(()) } else { Err(XkcdConfigError::Zero) }
    }
}

#[cfg(test)]
mod tests {
    use super::{XkcdConfig, XkcdConfigError};

    fn base(url: &str) -> Result<(String, bool), XkcdConfigError> {
        XkcdConfig::new(url.to_owned(), "a test".to_owned()).checked_base_url()
    }

    #[test]
    fn the_base_is_https_or_http_on_a_loopback_address() {
        assert_eq!(base("https://xkcd.com/"), Ok(("https://xkcd.com".to_owned(), true)));
        for loopback in
            ["http://127.0.0.1:8080", "http://localhost:1/x", "http://[::1]:9", "http://127.9.9.9"]
        {
            assert_eq!(base(loopback), Ok((loopback.to_owned(), false)));
        }
    }

    #[test]
    fn other_bases_are_refused() {
        for refused in [
            "",
            "xkcd.com",
            "/relative",
            "http://xkcd.com",
            "http://127.0.0.1.xkcd.com",
            "http://localhost.example",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "https://user:word@xkcd.com",
            "https://xkcd.com/?q",
        ] {
            assert_eq!(base(refused), Err(XkcdConfigError::BaseUrl), "{refused}");
        }
    }

    #[test]
    fn a_user_agent_that_cannot_be_sent_is_refused() {
        for refused in ["", "  ", "a\r\nb", "naïve"] {
            let config = XkcdConfig::new("https://xkcd.com".to_owned(), refused.to_owned());
            assert_eq!(config.check(), Err(XkcdConfigError::UserAgent));
        }
    }

    #[test]
    fn nothing_may_be_zero() {
        let mut config = XkcdConfig::new("https://xkcd.com".to_owned(), "a test".to_owned());
        assert_eq!(config.check(), Ok(()));
        config.concurrent_fetches = 0;
        assert_eq!(config.check(), Err(XkcdConfigError::Zero));
    }
}
