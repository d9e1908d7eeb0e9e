//! Addresses the app goes by: its public URL, and the hosts it answers for.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use actix_web::http::Uri;

/// Scheme and authority under which browsers reach the app, such as `https://xkcd.example.org`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl {
    text: String,
    host: String,
    https: bool,
}

impl PublicUrl {
    /// The URL under which an app that listens on an address is reached from the same machine.
    #[must_use]
    pub fn of_listener(address: SocketAddr) -> Self {
        let host = if address.ip().is_unspecified() {
            "localhost".to_owned()
        } else {
            match address.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            }
        };
        Self { text: format!("http://{host}:{}", address.port()), host, https: false }
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL of a path, which begins with a slash.
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Its host, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is that of a browser on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_of_this_machine(&self.host)
    }

    /// Whether browsers use TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected scheme and host only, such as https://xkcd.example.org";
        let uri: Uri = text.parse().map_err(|_| EXPECTED)?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(EXPECTED),
        };
        let authority = uri.authority().ok_or(EXPECTED)?;
        let bare =
            matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
        if !bare || !super::values::port_is_fit(&uri) || authority.host().is_empty() || text.contains('#') {
            return Err(EXPECTED);
        }
        let scheme = if https { "https" } else { "http" };
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port().map_or(String::new(), |port| format!(":{port}"));
        Ok(Self { text: format!("{scheme}://{host}{port}"), host, https })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The hosts the app answers for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AllowedHosts {
    /// These, lower case, without ports.
    Listed(Vec<String>),
    /// The public URL's, localhost and loopback addresses.
    Usual,
}

impl AllowedHosts {
    /// Whether a `Host` header's value names one of them; its port does not matter.
    #[must_use]
    pub fn allows(&self, header: &str, public: &PublicUrl) -> bool {
        let Some(host) = without_port(header) else { return false };
        match self {
            Self::Listed(hosts) => hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)),
            Self::Usual => public.host().eq_ignore_ascii_case(host) || is_of_this_machine(host),
        }
    }
}

impl FromStr for AllowedHosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hosts = text.split(',').map(str::trim).map(|host| {
            let fit = without_port(host) == Some(host) && is_name_or_address(host);
            if fit {
                Ok(host.to_ascii_lowercase())
            } else {
                Err(format!("{host:?} is not a host without a port"))
            }
        });
        Ok(Self::Listed(hosts.collect::<Result<_, _>>()?))
    }
}

/// Whether a `Host` header's value is one that only browsers on this machine send to it.
pub(crate) fn names_this_machine(header: &str) -> bool {
    without_port(header).is_some_and(is_of_this_machine)
}

fn is_of_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip_of(host).is_some_and(|ip| ip.is_loopback())
}

fn is_name_or_address(host: &str) -> bool {
    let is_label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        letters && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    // The last dot stands for the root of all names.
    host.strip_suffix('.').unwrap_or(host).split('.').all(is_label) || ip_of(host).is_some()
}

fn ip_of(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// The host of `host:port`, `host`, `[v6]:port` or `[v6]`; `None` for anything else.
fn without_port(authority: &str) -> Option<&str> {
    let end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(end);
    let port_is_fit = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    (port_is_fit && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a client says: what is allowed is one of the hosts, letter by letter but for case, and a port.
        #[test]
        fn no_other_host_is_allowed(header in "[a-z.:@\\[\\]0-9 /\u{0}é]{0,8}|(a\\.example|A\\.EXAMPLE|\\[::1\\])[:a0-9.@\\[\\]]{0,6}") {
            let public: PublicUrl = "http://localhost".parse().unwrap();
            let hosts: AllowedHosts = "a.example,[::1]".parse().unwrap();
            let bare = header.to_ascii_lowercase();
            let port = ["a.example", "[::1]"].iter().find_map(|host| bare.strip_prefix(host));
            let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
            let expected = port.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(digits));
            prop_assert_eq!(hosts.allows(&header, &public), expected, "{:?}", header);
        }

        #[test]
        fn any_list_of_hosts_is_read_or_refused(text in any::<String>(), header in any::<String>()) {
            let public: PublicUrl = "http://localhost".parse().unwrap();
            if let Ok(hosts) = text.parse::<AllowedHosts>() {
                for host in text.split(',') {
                    prop_assert!(hosts.allows(host.trim(), &public), "{:?}", host);
                }
                let _ = hosts.allows(&header, &public);
            }
            if let Ok(url) = text.parse::<PublicUrl>() {
                prop_assert!(url.as_str().parse::<PublicUrl>().is_ok_and(|again| again == url));
                prop_assert!(AllowedHosts::Usual.allows(url.host(), &url));
            }
        }
    }

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        let parsed: PublicUrl = "https://XKCD.example.org:8443/".parse().unwrap();
        assert_eq!((parsed.as_str(), parsed.host()), ("https://xkcd.example.org:8443", "xkcd.example.org"));
        assert!(parsed.is_https());
        for wrong in [
            "",
            "xkcd.example.org",
            "ftp://a",
            "https://a:99999",
            "https://a/b",
            "https://a?b",
            "https://u@a",
            "https://a#b",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_usual_hosts_are_the_public_one_and_this_machine() {
        let public: PublicUrl = "https://xkcd.example.org".parse().unwrap();
        for host in ["xkcd.example.org", "XKCD.example.org:443", "localhost:8000", "127.0.0.1", "[::1]:8000"]
        {
            assert!(AllowedHosts::Usual.allows(host, &public), "{host}");
        }
        for host in
            ["", "evil.example", "xkcd.example.org.evil.example", "localhost:80:80", "a@localhost", "[::1"]
        {
            assert!(!AllowedHosts::Usual.allows(host, &public), "{host}");
        }
    }

    #[test]
    fn listed_hosts_replace_the_usual_ones() {
        let public: PublicUrl = "http://localhost".parse().unwrap();
        let hosts: AllowedHosts = "a.example, B.example,[::1]".parse().unwrap();
        assert!(hosts.allows("b.EXAMPLE:1", &public) && hosts.allows("[::1]:9", &public));
        assert!(!hosts.allows("localhost", &public));
        assert!("a.example:80".parse::<AllowedHosts>().is_err());
        assert!("a.example,,b".parse::<AllowedHosts>().is_err());
        for no_host in [".example.org", "..", "-", "a..b", "*.example.org"] {
            assert!(no_host.parse::<AllowedHosts>().is_err(), "{no_host}");
        }
        assert!("a.example.".parse::<AllowedHosts>().is_ok());
    }
}
