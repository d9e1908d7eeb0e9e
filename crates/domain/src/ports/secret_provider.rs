//! Where secrets come from.

use std::fmt;

use async_trait::async_trait;

use super::Cause;
use crate::secret::{SecretName, Secrets};

/// Gives secrets by their names.
///
/// ```
/// use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
/// use xkcd_domain::secret::SecretName;
///
/// const SECRET_KEY: SecretName = SecretName::new("SECRET_KEY");
///
/// /// What an operator is told before the app starts: every name that is missing, never a value.
/// async fn check(secrets: &dyn SecretProvider) -> String {
///     match secrets.get(&[SECRET_KEY], &[]).await {
///         Ok(_secrets) => "all secrets are there".to_owned(),
///         Err(error) => error.to_string(),
///     }
/// }
/// # use xkcd_domain::ports::secret_provider::MockSecretProvider;
/// # let mut secrets = MockSecretProvider::new();
/// # secrets.expect_get().returning(|required, _| {
/// #     Err(SecretProviderError::Refused { missing: required.to_vec(), wrong_type: vec![] })
/// # });
/// # assert_eq!(futures_executor::block_on(check(&secrets)), "missing secrets: SECRET_KEY");
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait SecretProvider: Send + Sync + 'static {
    /// The secrets of these names, as they are now: a rotated one is seen by the next call.
    ///
    /// - Every required one is in the answer; an optional one is when it is there.
    /// - No other is.
    /// - An empty one is not there.
    ///
    /// # Errors
    ///
    /// [`SecretProviderError::Refused`] names every secret that is missing or of the wrong type, not only the
    /// first; an optional one can only be of the wrong type.
    async fn get(
        &self,
        required: &[SecretName],
        optional: &[SecretName],
    ) -> Result<Secrets, SecretProviderError>;
}

/// Why there are no secrets. No message has a value in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretProviderError {
    /// Some are missing or of the wrong type.
    #[error("{}", Refusal { missing, wrong_type })]
    Refused {
        /// Required and not there, or empty.
        missing: Vec<SecretName>,
        /// There, but not kept the way a secret of that name has to be.
        wrong_type: Vec<SecretName>,
    },
    /// It can't be reached: worth another try.
    #[error("the secret provider can't be reached")]
    Unavailable(#[source] Cause),
    /// It answered with something that is no secret.
    #[error("the secret provider gave something that is not a secret")]
    Corrupt(#[source] Cause),
}

struct Refusal<'a> {
    missing: &'a [SecretName],
    wrong_type: &'a [SecretName],
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (what, names) in
            [("missing secrets", self.missing), ("secrets of the wrong type", self.wrong_type)]
        {
            if !names.is_empty() {
                let names: Vec<_> = names.iter().map(SecretName::as_str).collect();
                write!(formatter, "{separator}{what}: {}", names.join(", "))?;
                separator = "; ";
            }
        }
        Ok(())
    }
}
