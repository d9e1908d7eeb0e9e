//! A password that is changed while the app runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use tokio::runtime::Handle;
use xkcd_adapters_postgres::{PASSWORD, PostgresConfig, PostgresStore};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

use crate::database::Database;

/// Gives one password, and counts how often.
struct OnePassword {
    password: &'static str,
    asked: AtomicU32,
}

#[async_trait]
impl SecretProvider for OnePassword {
    async fn get(&self, required: &[SecretName], _: &[SecretName]) -> Result<Secrets, SecretProviderError> {
        assert_eq!(required, [PASSWORD]);
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok([(PASSWORD, SecretValue::new(self.password.to_owned()))].into_iter().collect())
    }
}

async fn user_of(database: &Database) -> PostgresConfig {
    let user = database.user().await;
    let name = &user.name;
    database.execute(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")).await;
    database.execute(&format!("GRANT USAGE ON SEQUENCE row_versions TO {name}")).await;
    let password = SecretValue::new(user.password.to_owned());
    PostgresConfig { user: user.name, password, ..database.config() }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_read_when_the_old_one_is_refused() {
    let database = Database::new().await;
    let config = user_of(&database).await;
    let name = config.user.clone();
    let secrets = Arc::new(OnePassword { password: "a second password", asked: AtomicU32::new(0) });
    let store = PostgresStore::start(config, secrets.clone(), &Handle::current());
    store.check().await.unwrap();
    assert_eq!(secrets.asked.load(Ordering::Relaxed), 0);

    database.execute(&format!("ALTER ROLE {name} PASSWORD 'a second password'")).await;
    database
        .execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'"))
        .await;

    store.check().await.unwrap();
    assert_eq!(secrets.asked.load(Ordering::Relaxed), 1);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_not_asked_for_every_refusal() {
    let database = Database::new().await;
    let config = user_of(&database).await;
    let config = PostgresConfig { password: SecretValue::new("wrong".to_owned()), ..config };
    let secrets = Arc::new(OnePassword { password: "wrong too", asked: AtomicU32::new(0) });
    let store = PostgresStore::start(config, secrets.clone(), &Handle::current());

    for _ in 0..20 {
        store.check().await.unwrap_err();
    }

    assert!(secrets.asked.load(Ordering::Relaxed) <= 3, "{:?}", secrets.asked);
}
