//! What two of the peers share: the app's counter on PostgreSQL, set up as the app sets it up.

use std::error::Error;
use std::fs;
use std::sync::Arc;

use tokio::runtime::Handle;
use xkcd_adapters_local::MapSecrets;
use xkcd_adapters_postgres::{
    PostgresConfig, PostgresLimits, PostgresStore, PostgresViewCounter, Roots, Tls,
};
use xkcd_domain::secret::SecretValue;

/// The counter in the database that `DATABASE_…` name, with its tables made; its connections are driven by `runtime`.
///
/// # Errors
///
/// When a setting is missing or wrong, or the tables can't be made.
pub async fn postgres_counter(runtime: &Handle) -> Result<Arc<PostgresViewCounter>, Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let config = PostgresConfig {
        host: setting("DATABASE_HOST")?,
        port: setting("DATABASE_PORT")?.parse()?,
        database: setting("DATABASE_NAME")?,
        user: setting("DATABASE_USER")?,
        password: SecretValue::new(setting("DATABASE_PASSWORD")?),
        tls: Tls::VerifyFull(Roots::from_pem(&fs::read(setting("XKCDAPP_DATABASE_CA")?)?)?),
        limits: PostgresLimits::default(),
    };
    let store = PostgresStore::start(config, Arc::new(MapSecrets::new([])), runtime);
    store.migrate().await?;
    Ok(Arc::new(PostgresViewCounter::new(store)))
}
