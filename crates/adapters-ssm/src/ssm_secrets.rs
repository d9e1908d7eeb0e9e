//! Secrets in Parameter Store.

mod error;
mod reading;

use std::time::Duration;

use async_trait::async_trait;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ssm::Client;
use aws_sdk_ssm::config::Builder;
use aws_sdk_ssm::config::retry::RetryConfig;
use tokio::time::{Instant, timeout};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, Secrets};

use crate::parameter_prefix::ParameterPrefix;
pub use error::SsmError;
use reading::Reading;

/// Where the parameters are, and how long may be waited for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SsmConfig {
    /// The path that they are directly under.
    pub prefix: ParameterPrefix,
    /// How long a call may take, with all pages and all attempts.
    pub answer_within: Duration,
}

impl SsmConfig {
    /// The settings that the app uses.
    #[must_use]
    pub const fn new(prefix: ParameterPrefix) -> Self {
        Self { prefix, answer_within: Duration::from_secs(10) }
    }
}

/// The [`SecretProvider`] over AWS Systems Manager Parameter Store.
///
/// Connections live on the runtime that calls, so call it on one that lasts.
#[derive(Clone, Debug)]
pub struct SsmSecrets {
    client: Client,
    config: SsmConfig,
    region: String,
}

impl SsmSecrets {
    /// Takes region, credentials and endpoint from where AWS's tools take them: the environment (`AWS_…`),
    /// the profile in `~/.aws`, the task's or the machine's role. The AWS SDK reads these by itself. Nothing
    /// is asked of Parameter Store yet.
    ///
    /// # Errors
    ///
    /// [`SecretProviderError::Unavailable`] when no region is found.
    pub async fn connect(config: SsmConfig) -> Result<Self, SecretProviderError> {
        let limit = config.answer_within;
        let loading = aws_config::defaults(BehaviorVersion::latest()).load();
        // It may look for a machine's metadata service where there is none.
        let sdk = timeout(limit, loading).await.map_err(|_| SsmError::NoRegion)?;
        Self::new(&sdk, config)
    }

    /// Takes region, credentials and endpoint from `sdk`.
    ///
    /// # Errors
    ///
    /// [`SecretProviderError::Unavailable`] when it has no region.
    pub fn new(sdk: &SdkConfig, config: SsmConfig) -> Result<Self, SecretProviderError> {
        let region = sdk.region().ok_or(SsmError::NoRegion)?.to_string();
        // An attempt that hangs leaves time for another.
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(config.answer_within / 3).build();
        // Attempts are repeated here, where the deadline is known and the last failure is not forgotten.
        let client =
            Builder::from(sdk).retry_config(RetryConfig::disabled()).timeout_config(timeouts).build();
        Ok(Self { client: Client::from_conf(client), config, region })
    }
}

#[async_trait]
impl SecretProvider for SsmSecrets {
    async fn get(
        &self,
        required: &[SecretName],
        optional: &[SecretName],
    ) -> Result<Secrets, SecretProviderError> {
        let deadline = Instant::now() + self.config.answer_within;
        let mut reading = Reading::new(required, optional);
        let mut next = None;
        loop {
            let page = self.page(next, deadline).await?;
            next = page.next_token.filter(|token| !token.is_empty());
            for parameter in page.parameters.unwrap_or_default() {
                reading.take(&self.config.prefix, parameter);
            }
            if next.is_none() {
                return reading.finish();
            }
        }
    }
}
