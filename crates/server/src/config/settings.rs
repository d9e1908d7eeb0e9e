//! The settings by name: one table gives the command line, the environment and `check` the same names.

use clap::{Arg, ArgMatches, Command, parser::ValueSource};

use super::ADMIN_PASSWORD;

/// A setting: an environment variable, and a long option of the same name.
#[derive(Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// What holds when nobody says anything: as an operator would write it, or in words where it depends on others.
    pub default: &'static str,
    /// What it means.
    pub help: &'static str,
}

impl Setting {
    /// The long option: `XKCDAPP_METRICS_LISTEN` is `--metrics-listen`.
    #[must_use]
    pub fn option(&self) -> String {
        self.name.trim_start_matches("XKCDAPP_").to_lowercase().replace('_', "-")
    }
}

macro_rules! settings {
    ($($constant:ident = $name:literal, $default:literal, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub(crate) const $constant: Setting = Setting { name: $name, default: $default, help: $help };
        )*
        /// Every setting.
        pub const SETTINGS: &[Setting] = &[$($constant),*];
    };
}

settings! {
    LISTEN = "XKCDAPP_LISTEN", "127.0.0.1:8000", "HTTP address; port 0 picks a free one";
    METRICS_LISTEN = "XKCDAPP_METRICS_LISTEN", "off", "Address for Prometheus metrics, or off";
    PUBLIC_URL = "XKCDAPP_PUBLIC_URL", "http:// and the listen address",
        "Scheme and host for absolute links; https turns on Secure cookies and HSTS";
    ALLOWED_HOSTS = "XKCDAPP_ALLOWED_HOSTS", "the public URL's host, localhost, loopback addresses",
        "Comma-separated hosts to answer for, without ports";
    TRUSTED_PROXIES = "XKCDAPP_TRUSTED_PROXIES", "0",
        "How many proxies stand in front: the client is that entry of X-Forwarded-For from the right";
    COMICS = "XKCDAPP_COMICS", "xkcd", "xkcd, or built-in for the comics that come with the app";
    XKCD_URL = "XKCDAPP_XKCD_URL", "https://xkcd.com", "Where xkcd's documents are; plain http on loopback only";
    STORE = "XKCDAPP_STORE", "sqlite", "Where counts are kept: sqlite or postgres";
    SESSIONS = "XKCDAPP_SESSIONS", "sqlite", "Where sessions are kept: sqlite or redis";
    DATA = "XKCDAPP_DATA", "./data", "Folder of the SQLite file xkcdapp.db";
    SECRETS = "XKCDAPP_SECRETS", "env", "Where secrets come from: env, or ssm for the Parameter Store of AWS";
    SSM_PREFIX = "XKCDAPP_SSM_PREFIX", "/xkcdapp/test/", "Path of the secrets in the Parameter Store";
    DATABASE_TLS = "XKCDAPP_DATABASE_TLS", "verify-full",
        "verify-full, or disable for this machine and container networks";
    DATABASE_CA = "XKCDAPP_DATABASE_CA", "the roots of Amazon RDS", "File with the roots to trust, PEM";
    REDIS_TLS = "XKCDAPP_REDIS_TLS", "verify", "verify, or disable for this machine and container networks";
    REDIS_CA = "XKCDAPP_REDIS_CA", "the roots of Mozilla", "File with the roots to trust, PEM";
    LOG = "XKCDAPP_LOG", "info", "Log filter, as of tracing: info, debug, xkcdapp=debug,info …";
    LOG_FORMAT = "XKCDAPP_LOG_FORMAT", "json, text on a terminal", "json or text";
    SHUTDOWN_SECONDS = "XKCDAPP_SHUTDOWN_SECONDS", "20", "For draining and writing what is left, together";
}

/// Where a setting's value came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The environment.
    Environment,
    /// The command line.
    CommandLine,
}

impl Source {
    /// The source as people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Environment => "environment",
            Self::CommandLine => "command line",
        }
    }
}

/// What was said about the settings.
pub trait Lookup {
    /// The value given for a setting, and by whom.
    fn value(&self, name: &str) -> Option<(String, Source)>;
}

impl Lookup for ArgMatches {
    fn value(&self, name: &str) -> Option<(String, Source)> {
        let value = self.get_one::<String>(name)?.clone();
        let source = match self.value_source(name) {
            Some(ValueSource::CommandLine) => Source::CommandLine,
            Some(ValueSource::EnvVariable) => Source::Environment,
            _ => Source::Default,
        };
        Some((value, source))
    }
}

/// Adds an option for each setting; every verb takes them all.
#[must_use]
pub fn with_options(command: Command) -> Command {
    SETTINGS.iter().fold(command, |command, setting| {
        command.arg(
            Arg::new(setting.name)
                .long(setting.option())
                .env(setting.name)
                .value_name("VALUE")
                .help(format!("{} [default: {}]", setting.help, setting.default))
                .help_heading("Settings")
                .hide_env_values(true)
                .global(true),
        )
    })
}

/// The account that `create-admin` and `change-password` are about; their option `--username` wins over it.
pub const ADMIN_USERNAME: &str = "XKCDAPP_ADMIN_USERNAME";

/// Names of the environment that look like settings and are none: typing errors, most likely.
#[must_use]
pub fn unknown_variables() -> Vec<String> {
    let known = |name: &str| {
        SETTINGS.iter().any(|setting| setting.name == name)
            || [ADMIN_USERNAME, ADMIN_PASSWORD.as_str()].contains(&name)
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with("XKCDAPP_") && !known(name)).collect()
}
