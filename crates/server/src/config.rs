//! What the operator says, parsed once. The only reader of the environment; reports every mistake at once.

mod hosts;
mod mistakes;
mod secrets;
mod settings;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use xkcd_domain::secret::{SecretName, SecretValue};

pub(crate) use hosts::names_this_machine;
pub use hosts::{AllowedHosts, PublicUrl};
pub use mistakes::Mistakes;
pub use secrets::{
    ADMIN_PASSWORD, Credentials, DatabaseAddress, RedisAddress, SECRET_KEY, SECRET_KEY_BYTES, SECRETS, Wanted,
};
pub use settings::{ADMIN_USERNAME, Lookup, SETTINGS, Setting, Source, unknown_variables, with_options};
pub(crate) use settings::{LISTEN, METRICS_LISTEN};
use values::{
    one_of, parse_address, parse_folder, parse_prefix, parse_shutdown, parse_upstream, read_certificates,
};

/// The variable by which Amazon ECS tells a container where its task is described. No setting: ECS sets it.
const ECS_METADATA: &str = "ECS_CONTAINER_METADATA_URI_V4";

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the app is reached.
    pub http: HttpConfig,
    /// Where comics come from.
    pub comics: ComicsConfig,
    /// Folder of the SQLite file and the local secret key.
    pub data: PathBuf,
    /// Where counts, the archive and accounts are kept.
    pub store: StoreConfig,
    /// Where sessions are kept.
    pub sessions: SessionsConfig,
    /// Where secrets come from.
    pub secrets: SecretsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// For draining and writing what is left, together.
    pub shutdown: Duration,
}

/// How the app is reached.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Under which URL browsers know it; that of the listener when nobody says.
    pub public_url: Option<PublicUrl>,
    /// Which hosts it answers for.
    pub allowed_hosts: AllowedHosts,
    /// How many proxies stand in front.
    pub trusted_proxies: u8,
}

/// Where comics come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ComicsConfig {
    /// From xkcd.com, or what stands for it, under this URL without a slash at its end.
    Xkcd(String),
    /// Only those that come with the app.
    BuiltIn,
}

/// Where counts, the archive and accounts are kept. One never stands in for the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreConfig {
    /// In the SQLite file of the data folder.
    Sqlite,
    /// In PostgreSQL.
    Postgres(TlsConfig),
}

/// Where sessions are kept. One never stands in for the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionsConfig {
    /// In the SQLite file of the data folder.
    Sqlite,
    /// In Redis.
    Redis(TlsConfig),
}

/// How a connection to a server is secured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TlsConfig {
    /// Not at all.
    Disable,
    /// The server's certificate and name are verified, against roots in this PEM, or the usual ones.
    Verify(Option<Vec<u8>>),
}

/// Where secrets come from.
#[derive(Clone, Debug)]
pub enum SecretsConfig {
    /// From the environment: those that it holds.
    Environment(BTreeMap<SecretName, SecretValue>),
    /// From the Parameter Store of AWS, under this prefix.
    ParameterStore(String),
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A filter of tracing.
    pub filter: String,
    /// The form of a line; JSON unless standard output is a terminal when nobody says.
    pub format: Option<LogFormat>,
    /// Where Amazon ECS describes the task that this process is in, if it is in one.
    pub ecs_metadata: Option<String>,
}

/// The form of a log line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// One JSON object.
    Json,
    /// Text for people.
    Text,
}

impl Config {
    /// Reads the settings as they were given, and the secrets of the environment.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub fn read(given: &impl Lookup) -> Result<Self, Mistakes> {
        Self::parse(given, |name| std::env::var_os(name))
    }

    /// The same with an environment of the caller's.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub fn parse(given: &impl Lookup, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Mistakes> {
        let mut read = Reader { given, mistakes: Mistakes::default() };
        let ecs_metadata = variable(ECS_METADATA).and_then(|url| url.into_string().ok());
        let (http, comics, log) = (read.http(), read.comics(), read.log(ecs_metadata));
        let (store, sessions) = (read.store(), read.sessions());
        let secrets = read.secrets(variable);
        let data = read.or_default(&settings::DATA, parse_folder);
        let shutdown = read.or_default(&settings::SHUTDOWN_SECONDS, parse_shutdown);
        // What the environment holds can be judged now; the Parameter Store is asked at start.
        if let Some(SecretsConfig::Environment(secrets)) = &secrets {
            // A store that is not told yet asks for no secret.
            let store = store.as_ref().unwrap_or(&StoreConfig::Sqlite);
            let sessions = sessions.as_ref().unwrap_or(&SessionsConfig::Sqlite);
            read.judge(secrets, store, sessions);
        }
        let config = (|| {
            let (http, comics, data, log, shutdown) = (http?, comics?, data?, log?, shutdown?);
            let (store, sessions, secrets) = (store?, sessions?, secrets?);
            Some(Self { http, comics, data, store, sessions, secrets, log, shutdown })
        })();
        config.filter(|_| read.mistakes.is_empty()).ok_or(read.mistakes)
    }

    /// The secrets that it asks for.
    #[must_use]
    pub fn wanted_secrets(&self) -> Wanted {
        Wanted::by(&self.store, &self.sessions)
    }
}

/// Reads settings one by one and keeps what is wrong with them; a setting that is not fit is `None`.
struct Reader<'a, L> {
    given: &'a L,
    mistakes: Mistakes,
}

impl<L: Lookup> Reader<'_, L> {
    fn http(&mut self) -> Option<HttpConfig> {
        let listen = self.or_default(&settings::LISTEN, parse_address);
        let metrics_listen = self.or_default(&settings::METRICS_LISTEN, |text| match text {
            "off" => Ok(None),
            address => parse_address(address).map(Some),
        });
        let public_url = self.optional(&settings::PUBLIC_URL, str::parse);
        let allowed_hosts = self.optional(&settings::ALLOWED_HOSTS, str::parse);
        let trusted_proxies = self.or_default(&settings::TRUSTED_PROXIES, |text| {
            text.parse().ok().filter(|count| *count <= 10).ok_or("expected a number from 0 to 10")
        });
        Some(HttpConfig {
            listen: listen?,
            metrics_listen: metrics_listen?,
            public_url: public_url?,
            allowed_hosts: allowed_hosts?.unwrap_or(AllowedHosts::Usual),
            trusted_proxies: trusted_proxies?,
        })
    }

    fn comics(&mut self) -> Option<ComicsConfig> {
        let url = self.or_default(&settings::XKCD_URL, parse_upstream);
        let built_in =
            self.or_default(&settings::COMICS, |text| one_of(text, &[("xkcd", false), ("built-in", true)]));
        let url = url?;
        Some(if built_in? { ComicsConfig::BuiltIn } else { ComicsConfig::Xkcd(url) })
    }

    fn log(&mut self, ecs_metadata: Option<String>) -> Option<LogConfig> {
        let filter = self.or_default(&settings::LOG, |text| match EnvFilter::try_new(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err("expected a filter such as info, debug or xkcdapp=debug,info"),
        });
        let format = self.optional(&settings::LOG_FORMAT, |text| {
            one_of(text, &[("json", LogFormat::Json), ("text", LogFormat::Text)])
        });
        Some(LogConfig { filter: filter?, format: format?, ecs_metadata })
    }

    fn store(&mut self) -> Option<StoreConfig> {
        let tls = self.tls(&settings::DATABASE_TLS, &settings::DATABASE_CA);
        let is_postgres =
            self.or_default(&settings::STORE, |text| one_of(text, &[("sqlite", false), ("postgres", true)]))?;
        Some(if is_postgres { StoreConfig::Postgres(tls?) } else { StoreConfig::Sqlite })
    }

    fn sessions(&mut self) -> Option<SessionsConfig> {
        let tls = self.tls(&settings::REDIS_TLS, &settings::REDIS_CA);
        let is_redis =
            self.or_default(&settings::SESSIONS, |text| one_of(text, &[("sqlite", false), ("redis", true)]))?;
        Some(if is_redis { SessionsConfig::Redis(tls?) } else { SessionsConfig::Sqlite })
    }

    fn tls(&mut self, setting: &Setting, ca: &Setting) -> Option<TlsConfig> {
        let ca = self.optional(ca, read_certificates);
        let verifies =
            self.or_default(setting, |text| one_of(text, &[("disable", false), (setting.default, true)]))?;
        Some(if verifies { TlsConfig::Verify(ca?) } else { TlsConfig::Disable })
    }

    fn secrets(&mut self, lookup: impl Fn(&str) -> Option<OsString>) -> Option<SecretsConfig> {
        let prefix = self.or_default(&settings::SSM_PREFIX, parse_prefix);
        let from_ssm =
            self.or_default(&settings::SECRETS, |text| one_of(text, &[("env", false), ("ssm", true)]))?;
        if from_ssm {
            return Some(SecretsConfig::ParameterStore(prefix?));
        }
        let mut secrets = BTreeMap::new();
        for name in SECRETS {
            match lookup(name.as_str()).map(OsString::into_string) {
                Some(Ok(value)) => drop(secrets.insert(name.clone(), SecretValue::new(value))),
                Some(Err(_)) => self.mistakes.add(name.as_str(), "is not text in UTF-8"),
                None => {}
            }
        }
        Some(SecretsConfig::Environment(secrets))
    }

    fn judge(
        &mut self,
        secrets: &BTreeMap<SecretName, SecretValue>,
        store: &StoreConfig,
        sessions: &SessionsConfig,
    ) {
        let mut secrets = secrets.clone();
        for name in Wanted::by(store, sessions).required {
            if secrets.get(&name).is_none_or(|secret| secret.expose().trim().is_empty()) {
                self.mistakes.add(name.as_str(), "is missing in the environment");
                secrets.remove(&name);
            }
        }
        let secrets = secrets.into_iter().collect();
        if let Err(mistakes) = Credentials::parse(&secrets, store, sessions) {
            self.mistakes.append(mistakes);
        }
    }

    /// A setting that has a default, which is written as an operator would write it.
    fn or_default<T, E: fmt::Display>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let given = self.given.value(setting.name);
        let text = given.as_ref().map_or(setting.default, |(value, _)| value.as_str());
        // A URL may hold a password, and a message is kept in a log.
        let shown = if text.contains('@') { "the value".to_owned() } else { format!("{text:?}") };
        let note = |mistake| self.mistakes.add(setting.name, format_args!("{shown} is not fit: {mistake}"));
        parse(text).map_err(note).ok()
    }

    /// A setting that may be left out.
    #[expect(clippy::option_option, reason = "left out and not fit are two things")]
    fn optional<T, E: fmt::Display>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        if self.given.value(setting.name).is_none() {
            return Some(None);
        }
        self.or_default(setting, parse).map(Some)
    }
}

#[cfg(test)]
mod tests;
