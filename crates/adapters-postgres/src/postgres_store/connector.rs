//! Makes connections.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket};
use xkcd_domain::ports::secret_provider::SecretProvider;
use xkcd_domain::secret::SecretValue;

use super::password::Password;
use super::{PostgresConfig, Tls};

/// A connection, and the task that drives it.
pub(super) type Connected = (Client, JoinHandle<()>);

/// Makes connections, with the password as it is now.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<PostgresConfig>,
    password: Arc<Password>,
}

/// What a session is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Calls of the ports, each with its time limit.
    Calls,
    /// A migration, which takes as long as it takes.
    Migration,
}

impl Connector {
    pub(super) fn new(config: PostgresConfig, provider: Arc<dyn SecretProvider>) -> Self {
        let password = Password::new(config.password.clone(), provider);
        Self { config: Arc::new(config), password }
    }

    pub(super) fn config(&self) -> &PostgresConfig {
        &self.config
    }

    /// Connects; when the password is refused, once more with a new one, if there is one.
    ///
    /// Takes no longer than its caller waits: bound it.
    pub(super) async fn open(&self, purpose: Purpose) -> Result<Connected, tokio_postgres::Error> {
        let password = self.password.current();
        match self.open_with(&password, purpose).await {
            Err(error) if is_about_password(&error) && self.password.replace(&password).await => {
                self.open_with(&self.password.current(), purpose).await
            }
            outcome => outcome,
        }
    }

    async fn open_with(
        &self,
        password: &SecretValue,
        purpose: Purpose,
    ) -> Result<Connected, tokio_postgres::Error> {
        let mut session = self.session(purpose);
        session.password(password.expose());
        match &self.config.tls {
            Tls::Disable => drive(session.ssl_mode(SslMode::Disable), NoTls).await,
            // The name hides that the certificate is verified in every case: rustls knows nothing else.
            Tls::VerifyFull(roots) => drive(session.ssl_mode(SslMode::Require), roots.client()).await,
        }
    }

    fn session(&self, purpose: Purpose) -> Config {
        let PostgresConfig { host, port, database, user, limits, .. } = self.config();
        let mut session = Config::new();
        // Both forms take a name; only the path takes one with unusual letters.
        if host.starts_with('/') {
            session.host_path(Path::new(host))
        } else {
            session.host(host)
        };
        session
            .port(*port)
            .dbname(database)
            .user(user)
            .application_name("xkcdapp")
            .options(options(limits.answer_within, purpose))
            .connect_timeout(limits.connect_within)
            // A peer that is gone without a word is noticed when it owes us an answer …
            .tcp_user_timeout(2 * limits.answer_within)
            // … and otherwise by these.
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(3))
            .keepalives_retries(3)
            // After a failover the old name may lead to what is a replica now.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        session
    }
}

/// The session's settings. Those of the server, the database or the role do not count then.
fn options(answer_within: Duration, purpose: Purpose) -> String {
    let (statement, lock) = match purpose {
        Purpose::Calls => (answer_within * 4 / 5, answer_within * 2 / 3),
        Purpose::Migration => (Duration::ZERO, Duration::from_mins(5)),
    };
    let settings = [
        // What was answered is on disk.
        "synchronous_commit=on".to_owned(),
        // A statement that waited for a lock goes on with the row as it is then.
        "default_transaction_isolation=read\\ committed".to_owned(),
        format!("statement_timeout={}", statement.as_millis()),
        format!("lock_timeout={}", lock.as_millis()),
        // A transaction whose client is gone keeps its locks no longer.
        format!("idle_in_transaction_session_timeout={}", answer_within.as_millis()),
    ];
    settings.map(|setting| format!("-c {setting}")).join(" ")
}

/// Connects, and lets the current runtime drive the connection.
async fn drive<T>(session: &Config, tls: T) -> Result<Connected, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as tokio_postgres::tls::TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = session.connect(tls).await?;
    let driver = tokio::spawn(async move {
        // Whoever uses the client then gets the error, or finds it closed.
        if let Err(error) = connection.await {
            tracing::debug!(event = "postgres.connection", error = %error, "a connection ended");
        }
    });
    Ok((client, driver))
}

fn is_about_password(error: &tokio_postgres::Error) -> bool {
    let refusals = [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION];
    error.code().is_some_and(|code| refusals.contains(code))
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<Connected, tokio_postgres::Error>> + Send + '_>> {
        Box::pin(self.open(Purpose::Calls))
    }
}
