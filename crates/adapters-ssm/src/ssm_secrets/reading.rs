//! Asking for a page of parameters until there is one, and choosing the secrets among them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use aws_sdk_ssm::types::{Parameter, ParameterType};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, timeout_at};
use xkcd_domain::ports::secret_provider::SecretProviderError;
use xkcd_domain::secret::{SecretName, SecretValue};

use super::{SsmError, SsmSecrets};
use crate::parameter_prefix::ParameterPrefix;

/// Those that must be encrypted where they are kept. The others may be.
const ENCRYPTED: [SecretName; 4] = [
    SecretName::new("DATABASE_PASSWORD"),
    SecretName::new("ELASTICACHE_AUTH_TOKEN"),
    SecretName::new("SECRET_KEY"),
    SecretName::new("XKCDAPP_ADMIN_PASSWORD"),
];

/// As many as Parameter Store gives at once.
const PAGE_SIZE: i32 = 10;

impl SsmSecrets {
    /// A page of parameters. What may pass is tried again until the deadline; then the last failure is told,
    /// which says more than that the time is up.
    pub(super) async fn page(
        &self,
        token: Option<String>,
        deadline: Instant,
    ) -> Result<GetParametersByPathOutput, SsmError> {
        let mut delays = retry_delays();
        loop {
            let failure = match timeout_at(deadline, self.ask(token.clone())).await {
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(failure)) => failure,
                Err(_) => {
                    return Err(SsmError::TooLate {
                        region: self.region.clone(),
                        limit: self.config.answer_within,
                    });
                }
            };
            let delay = delays.next().unwrap_or(LONGEST_DELAY);
            if !failure.may_pass() || Instant::now() + delay >= deadline {
                return Err(failure);
            }
            sleep(delay).await;
        }
    }

    async fn ask(&self, token: Option<String>) -> Result<GetParametersByPathOutput, SsmError> {
        let request = self
            .client
            .get_parameters_by_path()
            .path(self.config.prefix.path())
            .recursive(false)
            .with_decryption(true)
            .max_results(PAGE_SIZE)
            .set_next_token(token);
        request.send().await.map_err(|error| SsmError::of(error, &self.config, &self.region))
    }
}

const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// Exponentially growing delays without end, each with jitter: tasks that start together are throttled
/// together, and must not come back together.
fn retry_delays() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        // Jitter adds up to as much again.
        .with_max_delay(LONGEST_DELAY / 2)
        .without_max_times()
        .with_jitter()
        .build()
}

/// The secrets that were asked for, as far as they have been read.
pub(super) struct Reading<'a> {
    required: &'a [SecretName],
    optional: &'a [SecretName],
    found: BTreeMap<SecretName, SecretValue>,
    wrong_type: BTreeSet<SecretName>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(required: &'a [SecretName], optional: &'a [SecretName]) -> Self {
        Self { required, optional, found: BTreeMap::new(), wrong_type: BTreeSet::new() }
    }

    /// Keeps the parameter if it is one of the secrets.
    pub(super) fn take(&mut self, prefix: &ParameterPrefix, parameter: Parameter) {
        let Some(name) = parameter.name.as_deref().and_then(|name| prefix.strip(name)) else { return };
        let mut asked_for = self.required.iter().chain(self.optional);
        let Some(name) = asked_for.find(|asked_for| asked_for.as_str() == name) else { return };
        let is_right = match parameter.r#type {
            Some(ParameterType::SecureString) => true,
            Some(ParameterType::String) => !ENCRYPTED.contains(name),
            _ => false,
        };
        if !is_right {
            self.wrong_type.insert(name.clone());
        } else if let Some(value) = parameter.value.filter(|value| !value.trim().is_empty()) {
            self.found.insert(name.clone(), SecretValue::new(value));
        }
    }

    pub(super) fn finish(self) -> Result<xkcd_domain::secret::Secrets, SecretProviderError> {
        let is_missing =
            |name: &&SecretName| !self.found.contains_key(*name) && !self.wrong_type.contains(*name);
        let missing: Vec<_> = self.required.iter().filter(is_missing).cloned().collect();
        if missing.is_empty() && self.wrong_type.is_empty() {
            return Ok(self.found.into_iter().collect());
        }
        Err(SecretProviderError::Refused { missing, wrong_type: self.wrong_type.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_come_at_times_of_their_own_and_never_far_apart() {
        let delays = || retry_delays().take(20).collect::<Vec<_>>();
        let some = delays();

        assert!(some[0] <= Duration::from_millis(200), "{:?}", some[0]);
        assert!(some.iter().all(|delay| *delay <= LONGEST_DELAY), "{some:?}");
        assert_ne!(some, delays());
    }
}
