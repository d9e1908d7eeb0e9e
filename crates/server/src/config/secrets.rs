//! Which secrets the configuration asks for, and what the stores' addresses are made of.

use std::fmt;
use std::net::IpAddr;

use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

use super::{Mistakes, SessionsConfig, StoreConfig, TlsConfig};

/// Signs what browsers keep for the app: at least [`SECRET_KEY_BYTES`] bytes.
pub const SECRET_KEY: SecretName = SecretName::new("SECRET_KEY");
/// The password that `create-admin --no-input` and `change-password --no-input` give; no other verb asks for it.
pub const ADMIN_PASSWORD: SecretName = SecretName::new("XKCDAPP_ADMIN_PASSWORD");
/// How long a [`SECRET_KEY`] is at least.
pub const SECRET_KEY_BYTES: usize = 32;

const DATABASE_HOST: SecretName = SecretName::new("DATABASE_HOST");
const DATABASE_PORT: SecretName = SecretName::new("DATABASE_PORT");
const DATABASE_NAME: SecretName = SecretName::new("DATABASE_NAME");
const DATABASE_USER: SecretName = SecretName::new("DATABASE_USER");
const DATABASE_PASSWORD: SecretName = SecretName::new("DATABASE_PASSWORD");
const ELASTICACHE_ENDPOINT: SecretName = SecretName::new("ELASTICACHE_ENDPOINT");
const ELASTICACHE_AUTH_TOKEN: SecretName = SecretName::new("ELASTICACHE_AUTH_TOKEN");

/// Every secret that the app may ask for.
pub const SECRETS: &[SecretName] = &[
    DATABASE_HOST,
    DATABASE_PORT,
    DATABASE_NAME,
    DATABASE_USER,
    DATABASE_PASSWORD,
    ELASTICACHE_ENDPOINT,
    ELASTICACHE_AUTH_TOKEN,
    SECRET_KEY,
    ADMIN_PASSWORD,
];

/// The names to ask a provider for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Without these the app does not start.
    pub required: Vec<SecretName>,
    /// These have a default, or may be left out.
    pub optional: Vec<SecretName>,
}

impl Wanted {
    /// What a configuration needs.
    #[must_use]
    pub fn by(store: &StoreConfig, sessions: &SessionsConfig) -> Self {
        let mut wanted = Self { required: Vec::new(), optional: Vec::new() };
        match store {
            // With the embedded store alone, a key is made and kept beside it.
            StoreConfig::Sqlite => wanted.optional.push(SECRET_KEY),
            StoreConfig::Postgres(_) => {
                let required = [DATABASE_HOST, DATABASE_NAME, DATABASE_USER, DATABASE_PASSWORD, SECRET_KEY];
                wanted.required.extend(required);
                wanted.optional.push(DATABASE_PORT);
            }
        }
        if let SessionsConfig::Redis(_) = sessions {
            wanted.required.push(ELASTICACHE_ENDPOINT);
            wanted.optional.push(ELASTICACHE_AUTH_TOKEN);
        }
        wanted
    }
}

/// Where PostgreSQL is, and how to sign in.
#[derive(Clone, Debug)]
pub struct DatabaseAddress {
    /// A name, an IP address, or the folder of a socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database.
    pub name: String,
    /// The role.
    pub user: String,
    /// Its password, as it was at start.
    pub password: SecretValue,
}

/// Where Redis is, and how to sign in.
#[derive(Clone, Debug)]
pub struct RedisAddress {
    /// A name or an IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The AUTH token, if one is needed.
    pub auth_token: Option<SecretValue>,
}

/// What the secrets say, parsed.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// PostgreSQL's, where it is the store.
    pub database: Option<DatabaseAddress>,
    /// Redis', where it keeps sessions.
    pub redis: Option<RedisAddress>,
    /// Signs what browsers keep; `None` where one is to be made.
    pub secret_key: Option<SecretValue>,
}

impl Credentials {
    /// Parses the secrets that [`Wanted`] names. A missing one is told by its provider and left out here.
    ///
    /// # Errors
    ///
    /// Every mistake that was found. No message has a secret in it.
    pub fn parse(
        secrets: &Secrets,
        store: &StoreConfig,
        sessions: &SessionsConfig,
    ) -> Result<Self, Mistakes> {
        let mut read = Reader { secrets, mistakes: Mistakes::default() };
        let database = match store {
            StoreConfig::Sqlite => None,
            StoreConfig::Postgres(tls) => read.database(tls),
        };
        let redis = match sessions {
            SessionsConfig::Sqlite => None,
            SessionsConfig::Redis(tls) => read.redis(tls),
        };
        let secret_key = secrets.get(&SECRET_KEY).cloned();
        if secret_key.as_ref().is_some_and(|key| key.expose().trim().len() < SECRET_KEY_BYTES) {
            let what = format_args!("is shorter than {SECRET_KEY_BYTES} bytes");
            read.mistakes.add(SECRET_KEY.as_str(), what);
        }
        if read.mistakes.is_empty() { Ok(Self { database, redis, secret_key }) } else { Err(read.mistakes) }
    }
}

struct Reader<'a> {
    secrets: &'a Secrets,
    mistakes: Mistakes,
}

impl Reader<'_> {
    fn database(&mut self, tls: &TlsConfig) -> Option<DatabaseAddress> {
        let port = self.secrets.get(&DATABASE_PORT).map(|port| port.expose().trim().to_owned());
        let port = match port.filter(|text| !text.is_empty()) {
            None => Some(5432),
            Some(text) => {
                let port = text.parse().ok().filter(|port| *port > 0);
                self.fit(&DATABASE_PORT, port, "is not a port: expected a number from 1 to 65535")
            }
        };
        let host = self.text(&DATABASE_HOST);
        let address = DatabaseAddress {
            port: port?,
            name: self.text(&DATABASE_NAME)?,
            user: self.text(&DATABASE_USER)?,
            password: self.secrets.get(&DATABASE_PASSWORD)?.clone(),
            host: host?,
        };
        self.plaintext(&DATABASE_HOST, "XKCDAPP_DATABASE_TLS=disable", tls, &address.host);
        Some(address)
    }

    fn redis(&mut self, tls: &TlsConfig) -> Option<RedisAddress> {
        let endpoint = self.text(&ELASTICACHE_ENDPOINT)?;
        let parsed = endpoint_of(&endpoint);
        let (host, port) =
            self.fit(&ELASTICACHE_ENDPOINT, parsed, "is not HOST or HOST:PORT, without a scheme")?;
        self.plaintext(&ELASTICACHE_ENDPOINT, "XKCDAPP_REDIS_TLS=disable", tls, &host);
        let auth_token = self.secrets.get(&ELASTICACHE_AUTH_TOKEN).cloned();
        let auth_token = auth_token.filter(|token| !token.expose().trim().is_empty());
        Some(RedisAddress { host, port, auth_token })
    }

    /// A secret that is text, trimmed: some come with a line break from wherever they were pasted.
    fn text(&mut self, name: &SecretName) -> Option<String> {
        let text = Some(self.secrets.get(name)?.expose().trim().to_owned()).filter(|text| !text.is_empty());
        self.fit(name, text, "is empty")
    }

    fn fit<T>(&mut self, name: &SecretName, value: Option<T>, otherwise: &str) -> Option<T> {
        if value.is_none() {
            self.mistakes.add(name.as_str(), otherwise);
        }
        value
    }

    /// Without TLS passwords and sessions can be read on the way, so it may be off only where there is no
    /// way to speak of.
    fn plaintext(&mut self, name: &SecretName, setting: impl fmt::Display, tls: &TlsConfig, host: &str) {
        if *tls == TlsConfig::Disable && !stays_close(host) {
            let what =
                "is accepted for this machine and for the single-label hosts of a container network only";
            self.mistakes.add(name.as_str(), format_args!("{setting} {what}"));
        }
    }
}

/// `HOST`, `HOST:PORT`, `[V6]` or `[V6]:PORT`; 6379 is Redis' port.
fn endpoint_of(text: &str) -> Option<(String, u16)> {
    const PORT: u16 = 6379;
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => PORT,
        port => port?.parse().ok().filter(|port| *port > 0)?,
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let fit = !host.is_empty() && (host.bytes().all(is_name) || host.parse::<IpAddr>().is_ok());
    fit.then(|| (host.to_owned(), port))
}

/// This machine, a socket's folder, or a name without a dot, which no public name server knows.
fn stays_close(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    address.map_or(host.starts_with('/') || !host.contains('.'), |ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_with_or_without_a_port() {
        let of = |text| endpoint_of(text).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(of("cache.example.org").as_deref(), Some("cache.example.org 6379"));
        assert_eq!(of("cache.example.org:6380").as_deref(), Some("cache.example.org 6380"));
        assert_eq!(of("[::1]:6380").as_deref(), Some("::1 6380"));
        assert_eq!(of("[::1]").as_deref(), Some("::1 6379"));
        for wrong in ["", ":1", "a:", "a:0", "a:65536", "a:b", "redis://a", "a/0", "::1", "[::1", "a b"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_empty_is_told_and_never_takes_a_server_for_none() {
        let secrets = |blank: &SecretName| -> Secrets {
            let names =
                [DATABASE_HOST, DATABASE_NAME, DATABASE_USER, DATABASE_PASSWORD, ELASTICACHE_ENDPOINT];
            let value = |name: &SecretName| if name == blank { " \n" } else { "x" };
            names.map(|name| (name.clone(), SecretValue::new(value(&name).to_owned()))).into_iter().collect()
        };
        for blank in [DATABASE_HOST, DATABASE_NAME, DATABASE_USER, ELASTICACHE_ENDPOINT] {
            let (store, sessions) = (
                StoreConfig::Postgres(TlsConfig::Verify(None)),
                SessionsConfig::Redis(TlsConfig::Verify(None)),
            );
            let mistakes = Credentials::parse(&secrets(&blank), &store, &sessions).unwrap_err().to_string();
            assert!(mistakes.contains(&format!("{}: is empty", blank.as_str())), "{mistakes}");
        }
    }

    #[test]
    fn what_may_be_left_out_may_be_empty() {
        let given = [
            (DATABASE_HOST, "db.example.org"),
            (DATABASE_PORT, ""),
            (DATABASE_NAME, "xkcdapp"),
            (DATABASE_USER, "xkcdapp"),
            (DATABASE_PASSWORD, "secret"),
            (ELASTICACHE_ENDPOINT, "cache.example.org"),
            (ELASTICACHE_AUTH_TOKEN, " "),
        ];
        let secrets =
            given.map(|(name, value)| (name, SecretValue::new(value.to_owned()))).into_iter().collect();
        let (store, sessions) =
            (StoreConfig::Postgres(TlsConfig::Verify(None)), SessionsConfig::Redis(TlsConfig::Verify(None)));
        let found = Credentials::parse(&secrets, &store, &sessions).unwrap();
        assert_eq!(found.database.map(|it| it.port), Some(5432));
        assert!(found.redis.is_some_and(|it| it.auth_token.is_none()));
    }

    #[test]
    fn plaintext_stays_close() {
        for close in ["127.0.0.1", "::1", "localhost", "db", "/run/postgresql"] {
            assert!(stays_close(close), "{close}");
        }
        for far in ["10.0.0.7", "db.example.org", "2001:db8::1", "localhost.example.org"] {
            assert!(!stays_close(far), "{far}");
        }
    }
}
