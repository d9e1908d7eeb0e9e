//! Where secrets come from: the environment or the Parameter Store.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;
use xkcd_adapters_local::MapSecrets;
use xkcd_adapters_ssm::{SsmConfig, SsmSecrets};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::Secrets;

use super::ComposeError;
use crate::config::{SecretsConfig, Wanted};

/// The provider, and what it is called.
pub(super) struct Provider {
    port: Arc<dyn SecretProvider>,
    name: String,
}

impl Provider {
    pub(super) async fn connect(config: &SecretsConfig, runtime: &Handle) -> Result<Self, ComposeError> {
        match config {
            SecretsConfig::Environment(secrets) => Ok(Self {
                port: Arc::new(MapSecrets::new(secrets.clone())),
                name: "the environment".to_owned(),
            }),
            SecretsConfig::ParameterStore(prefix) => {
                let name = format!("the Parameter Store, {prefix}");
                let config = SsmConfig::new(prefix.parse().map_err(ComposeError::Prefix)?);
                // Connections live on the runtime that they were made on.
                let connected = runtime.spawn(SsmSecrets::connect(config)).await;
                let ssm = connected.map_err(ComposeError::Broken)?.map_err(ComposeError::Secrets)?;
                Ok(Self { port: Arc::new(ssm), name })
            }
        }
    }

    pub(super) fn port(&self) -> Arc<dyn SecretProvider> {
        Arc::clone(&self.port)
    }

    pub(super) async fn read(&self, wanted: Wanted, runtime: &Handle) -> Result<Secrets, ComposeError> {
        let port = self.port();
        let read = runtime.spawn(async move { port.get(&wanted.required, &wanted.optional).await }).await;
        let secrets: Result<Secrets, SecretProviderError> = read.map_err(ComposeError::Broken)?;
        secrets.map_err(ComposeError::Secrets)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}
