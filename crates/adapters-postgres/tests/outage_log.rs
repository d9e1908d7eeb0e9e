//! What is logged of an outage: once that it began and why, once that it is over, no password.
//!
//! A test binary of its own, because it watches everything that is logged.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use xkcd_adapters_postgres::{PASSWORD, PostgresConfig, PostgresLimits, PostgresStore, Tls};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

/// Keeps the lines from this crate, of every level.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("xkcd_adapters_postgres")
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

struct NoSecrets;

#[async_trait]
impl SecretProvider for NoSecrets {
    async fn get(&self, _: &[SecretName], _: &[SecretName]) -> Result<Secrets, SecretProviderError> {
        Err(SecretProviderError::Refused { missing: vec![PASSWORD], wrong_type: vec![] })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_once_with_what_to_do() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let config = PostgresConfig {
        host: "127.0.0.1".to_owned(),
        port,
        database: "comics".to_owned(),
        user: "ada".to_owned(),
        password: SecretValue::new("correct horse".to_owned()),
        tls: Tls::Disable,
        limits: PostgresLimits { connect_within: Duration::from_secs(10), ..PostgresLimits::default() },
    };
    let store = PostgresStore::start(config, Arc::new(NoSecrets), &Handle::current());

    for _ in 0..20 {
        store.check().await.unwrap_err();
    }

    let lines: Vec<_> = lines.0.lock().unwrap().clone();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let expected =
        format!("{} message=trying again until it is back event=\"postgres.unavailable\"", Level::ERROR);
    assert!(line.starts_with(&expected), "{line}");
    let advice = format!("error=nothing listens at 127.0.0.1:{port}: check DATABASE_HOST and DATABASE_PORT");
    assert!(line.contains(&advice), "{line}");
}
