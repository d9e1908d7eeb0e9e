//! One request to xkcd.com, blocking.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use xkcd_domain::comic::{Comic, ComicNumber};

use crate::config::{XkcdConfig, XkcdConfigError};
use crate::document;
use crate::fetch_error::FetchError;

/// The largest document that is read, after decompression. The largest of xkcd.com has 17 KB.
const LARGEST_DOCUMENT: u64 = 256 * 1024;

/// What is fetched.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Asked {
    /// The newest comic, whichever that is.
    Newest,
    /// The comic of a number.
    Number(ComicNumber),
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => formatter.write_str("newest"),
            Self::Number(number) => number.fmt(formatter),
        }
    }
}

/// Asks one host, never another: no redirects, no proxies.
pub(crate) struct Client {
    agent: Agent,
    base_url: String,
}

impl Client {
    pub(crate) fn new(config: &XkcdConfig) -> Result<Self, XkcdConfigError> {
        let (base_url, https_only) = config.checked_base_url()?;
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
            .root_certs(RootCerts::WebPki)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .https_only(https_only)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(&config.user_agent)
            .accept("application/json")
            .timeout_connect(Some(config.connect_timeout))
            .build()
            .new_agent();
        Ok(Self { agent, base_url })
    }

    /// Fetches a comic; `None` when there is none of that number. Returns within `timeout`, whatever the
    /// upstream does, and holds at most [`LARGEST_DOCUMENT`] bytes of what it sends.
    pub(crate) fn get(&self, asked: Asked, timeout: Duration) -> Result<Option<Comic>, FetchError> {
        let (url, expected) = match asked {
            Asked::Newest => (format!("{}/info.0.json", self.base_url), None),
            Asked::Number(number) => (format!("{}/{number}/info.0.json", self.base_url), Some(number)),
        };
        let mut answer = self.agent.get(url).config().timeout_global(Some(timeout)).build().call()?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.body_mut().with_config().limit(LARGEST_DOCUMENT).read_to_vec()?;
                Ok(Some(document::parse(expected, &body)?))
            }
            404 if expected.is_some() => Ok(None),
            status @ 400.. => Err(FetchError::Refused(status)),
            status => Err(FetchError::Unexpected(status)),
        }
    }
}
