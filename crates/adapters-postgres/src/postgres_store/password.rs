//! The password, and how a new one is noticed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use xkcd_domain::ports::secret_provider::SecretProvider;
use xkcd_domain::secret::{SecretName, SecretValue};

/// The name of the password among the secrets.
pub const PASSWORD: SecretName = SecretName::new("DATABASE_PASSWORD");

/// How often the provider is asked, at most: it answers to other programs too.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// The password that the server last took, or one that it may take.
pub(super) struct Password {
    provider: Arc<dyn SecretProvider>,
    state: Mutex<State>,
}

struct State {
    current: SecretValue,
    asked: Option<Instant>,
}

impl Password {
    pub(super) fn new(current: SecretValue, provider: Arc<dyn SecretProvider>) -> Arc<Self> {
        Arc::new(Self { provider, state: Mutex::new(State { current, asked: None }) })
    }

    pub(super) fn current(&self) -> SecretValue {
        self.state().current.clone()
    }

    /// Reads the password again after `refused` was refused. `true` when there is another one now.
    ///
    /// The provider is asked in a task of its own, so that its answer counts even when it comes too late for
    /// the caller.
    pub(super) async fn replace(self: &Arc<Self>, refused: &SecretValue) -> bool {
        if self.may_ask() {
            let password = Arc::clone(self);
            // A task that panicked has replaced nothing.
            let _ = tokio::spawn(async move { password.read_again().await }).await;
        }
        self.current().expose() != refused.expose()
    }

    fn may_ask(&self) -> bool {
        let mut state = self.state();
        let may = state.asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN_AFTER);
        if may {
            state.asked = Some(Instant::now());
        }
        may
    }

    async fn read_again(&self) {
        match self.provider.get(&[PASSWORD], &[]).await {
            Ok(secrets) => {
                if let Some(password) = secrets.get(&PASSWORD) {
                    self.state().current = password.clone();
                }
            }
            Err(error) => {
                tracing::warn!(event = "postgres.password", error = %error, "it can't be read again");
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
