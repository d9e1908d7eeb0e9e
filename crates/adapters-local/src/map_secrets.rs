//! Secrets from a map.

use std::collections::BTreeMap;

use async_trait::async_trait;
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

/// The [`SecretProvider`] over values that the caller has read, from the environment for example. An empty
/// value counts as missing.
#[derive(Clone, Debug, Default)]
pub struct MapSecrets(BTreeMap<SecretName, SecretValue>);

impl MapSecrets {
    /// Takes the values into keeping.
    pub fn new(values: impl IntoIterator<Item = (SecretName, SecretValue)>) -> Self {
        Self(values.into_iter().filter(|(_, value)| !value.expose().trim().is_empty()).collect())
    }
}

#[async_trait]
impl SecretProvider for MapSecrets {
    async fn get(
        &self,
        required: &[SecretName],
        optional: &[SecretName],
    ) -> Result<Secrets, SecretProviderError> {
        let missing: Vec<_> = required.iter().filter(|name| !self.0.contains_key(name)).cloned().collect();
        if !missing.is_empty() {
            return Err(SecretProviderError::Refused { missing, wrong_type: Vec::new() });
        }
        let asked_for = required.iter().chain(optional);
        Ok(asked_for.filter_map(|name| Some((name.clone(), self.0.get(name)?.clone()))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: SecretName = SecretName::new("SECRET_KEY");
    const HOST: SecretName = SecretName::new("DATABASE_HOST");
    const TOKEN: SecretName = SecretName::new("ELASTICACHE_AUTH_TOKEN");

    fn secrets(values: &[(SecretName, &str)]) -> MapSecrets {
        MapSecrets::new(
            values.iter().map(|(name, value)| (name.clone(), SecretValue::new((*value).to_owned()))),
        )
    }

    #[tokio::test]
    async fn it_gives_what_was_asked_for_and_no_more() {
        let secrets = secrets(&[(KEY, "k"), (HOST, "h"), (TOKEN, "t")]);

        let given = secrets.get(&[KEY], &[HOST]).await.unwrap();

        assert_eq!(given.get(&KEY).unwrap().expose(), "k");
        assert_eq!(given.get(&HOST).unwrap().expose(), "h");
        assert!(given.get(&TOKEN).is_none());
    }

    #[tokio::test]
    async fn it_names_all_that_are_missing_and_takes_empty_ones_for_missing() {
        let refused = secrets(&[(HOST, ""), (TOKEN, "")]).get(&[KEY, HOST], &[TOKEN]).await.unwrap_err();

        let SecretProviderError::Refused { missing, wrong_type } = refused else { panic!("{refused}") };
        assert_eq!(missing, [KEY, HOST]);
        assert!(wrong_type.is_empty());
    }

    #[tokio::test]
    async fn an_optional_one_may_be_missing() {
        let given = secrets(&[(KEY, "k")]).get(&[KEY], &[TOKEN]).await.unwrap();

        assert!(given.get(&TOKEN).is_none());
    }
}
