//! A database of the test's own, and ways around the adapters.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Row};
use tokio_postgres_rustls::MakeRustlsConnect;
use xkcd_adapters_postgres::{PostgresConfig, PostgresLimits, PostgresStore, Roots, Tls};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

fn setting(name: &str) -> String {
    let name = format!("XKCDAPP_TEST_POSTGRES_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: scripts/test sets it"))
}

/// The authority that signed the server's certificate, in PEM form.
pub(crate) fn authority() -> Vec<u8> {
    std::fs::read(setting("CA")).unwrap()
}

/// A database that is there as long as this.
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Database {
    /// One without tables.
    pub(crate) async fn empty() -> Self {
        let name = format!("xkcdapp_test_{:016x}", rand::random::<u64>());
        // Of template0 nobody else can make a copy at the same time, because nobody can connect to it.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        connect("postgres").await.batch_execute(&create).await.unwrap();
        Self { name }
    }

    /// One with the tables of this release.
    pub(crate) async fn new() -> Self {
        let database = Self::empty().await;
        let store = database.store();
        store.migrate().await.unwrap();
        database
    }

    /// Settings for a busy machine.
    pub(crate) fn config(&self) -> PostgresConfig {
        let long = Duration::from_secs(10);
        PostgresConfig {
            host: setting("HOST"),
            port: setting("PORT").parse().unwrap(),
            database: self.name.clone(),
            user: setting("USER"),
            password: SecretValue::new(setting("PASSWORD")),
            tls: Tls::VerifyFull(Roots::from_pem(&authority()).unwrap()),
            limits: PostgresLimits { connect_within: long, answer_within: long, ..PostgresLimits::default() },
        }
    }

    /// A store of its own, as another process has one.
    pub(crate) fn store(&self) -> PostgresStore {
        start(self.config())
    }

    /// A session beside the store.
    pub(crate) async fn session(&self) -> Client {
        connect(&self.name).await
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.session().await.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn row(&self, sql: &str) -> Row {
        self.session().await.query_one(sql, &[]).await.unwrap()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.row(sql).await.get(0)
    }

    /// A user without rights, who may connect.
    pub(crate) async fn user(&self) -> User {
        let user = User { name: format!("{}_user", self.name), password: "a first password" };
        self.execute(&format!("CREATE ROLE {} LOGIN PASSWORD '{}'", user.name, user.password)).await;
        user
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // Dropping can't wait for a runtime that it may be on.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let session = connect("postgres").await;
                session.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
                session.batch_execute(&format!("DROP ROLE IF EXISTS {name}_user")).await.unwrap();
            });
        });
        let dropped = dropped.join();
        assert!(std::thread::panicking() || dropped.is_ok(), "the database of the test stays");
    }
}

pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: &'static str,
}

/// A store on the runtime of the test, whose secrets are of no use.
pub(crate) fn start(config: PostgresConfig) -> PostgresStore {
    PostgresStore::start(config, Arc::new(NoSecrets), &Handle::current())
}

async fn connect(database: &str) -> Client {
    let mut config = tokio_postgres::Config::new();
    config
        .host(setting("HOST"))
        .port(setting("PORT").parse().unwrap())
        .dbname(database)
        .user(setting("USER"))
        .password(setting("PASSWORD"))
        .ssl_mode(SslMode::Require);
    let (client, connection) = config.connect(tls()).await.unwrap();
    tokio::spawn(connection);
    client
}

fn tls() -> MakeRustlsConnect {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&authority()).map(Result::unwrap));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(client)
}

/// Has none.
pub(crate) struct NoSecrets;

#[async_trait]
impl SecretProvider for NoSecrets {
    async fn get(&self, _: &[SecretName], _: &[SecretName]) -> Result<Secrets, SecretProviderError> {
        Err(SecretProviderError::Unavailable("there are none".into()))
    }
}

/// The error with its causes, as it is printed.
pub(crate) fn text(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
