//! Secrets in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use xkcd_domain::contract::secret_provider::SecretSubject;
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

use crate::flaw::Flaw;

const FIRST: SecretName = SecretName::new("FIRST");
const SECOND: SecretName = SecretName::new("SECOND");
const ABSENT: [SecretName; 2] = [SecretName::new("ABSENT"), SecretName::new("ABSENT_TOO")];
const EMPTY: SecretName = SecretName::new("EMPTY");
const WRONG: [SecretName; 2] = [SecretName::new("WRONG"), SecretName::new("WRONG_TOO")];

pub(crate) fn subject(flaw: Flaw) -> SecretSubject {
    let kept = [(FIRST, "correct horse"), (SECOND, "battery staple"), (EMPTY, "")];
    let kept = kept.map(|(name, value)| (name, value.to_owned()));
    let kept = Arc::new(Mutex::new(BTreeMap::from(kept)));
    let provider = FlawedSecrets { flaw, cache: kept.lock().unwrap().clone(), kept: Arc::clone(&kept) };
    SecretSubject {
        provider: Arc::new(provider),
        present: [(FIRST, "correct horse"), (SECOND, "battery staple")],
        absent: ABSENT,
        empty: Some(EMPTY),
        wrong_type: Some(WRONG),
        rotate: Some(Box::new(move |name, value| {
            kept.lock().unwrap().insert(name, value);
            Box::pin(async {})
        })),
    }
}

struct FlawedSecrets {
    flaw: Flaw,
    cache: BTreeMap<SecretName, String>,
    kept: Arc<Mutex<BTreeMap<SecretName, String>>>,
}

impl FlawedSecrets {
    fn refusal(&self, required: &[SecretName], optional: &[SecretName]) -> Option<SecretProviderError> {
        let kept = self.kept.lock().unwrap();
        let there = |name: &&SecretName| {
            kept.get(name).is_some_and(|it| !it.is_empty() || self.flaw.is("an_empty_secret_is_not_there"))
        };
        let is_wrong = |name: &&SecretName| WRONG.contains(name);
        let mut missing: Vec<_> = required.iter().filter(|it| !there(it) && !is_wrong(it)).cloned().collect();
        if self.flaw.is("an_optional_secret_that_is_not_there_is_left_out") {
            missing.extend(optional.iter().filter(|it| ABSENT.contains(it)).cloned());
        }
        let mut wrong_type: Vec<_> = required.iter().filter(is_wrong).cloned().collect();
        if !self.flaw.is("every_secret_of_the_wrong_type_is_named") {
            wrong_type.extend(optional.iter().filter(is_wrong).cloned());
        }
        if missing.is_empty() && wrong_type.is_empty() {
            return None;
        }
        if self.flaw.is("every_missing_secret_is_named") {
            missing.truncate(1);
        }
        if self.flaw.is("no_value_is_in_an_error") && required.contains(&SECOND) {
            return Some(SecretProviderError::Corrupt(format!("only {kept:?}").into()));
        }
        Some(SecretProviderError::Refused { missing, wrong_type })
    }
}

#[async_trait]
impl SecretProvider for FlawedSecrets {
    async fn get(
        &self,
        required: &[SecretName],
        optional: &[SecretName],
    ) -> Result<Secrets, SecretProviderError> {
        if let Some(refusal) = self.refusal(required, optional) {
            return Err(refusal);
        }
        let mut kept = self.kept.lock().unwrap().clone();
        if self.flaw.is("a_rotated_secret_is_seen") {
            kept.clone_from(&self.cache);
        }
        if !self.flaw.is("an_empty_secret_is_not_there") {
            kept.retain(|_, value| !value.is_empty());
        }
        let no_options = self.flaw.is("an_optional_secret_is_given_when_it_is_there");
        let everything = self.flaw.is("no_other_secret_is_given");
        let asked = |name: &SecretName| {
            everything || required.contains(name) || (optional.contains(name) && !no_options)
        };
        let one_value = required.len() > 1 && self.flaw.is("required_secrets_are_given");
        let first = kept.get(&FIRST).cloned().unwrap_or_default();
        let given = kept.into_iter().filter(|(name, _)| asked(name));
        Ok(given
            .map(|(name, value)| (name, SecretValue::new(if one_value { first.clone() } else { value })))
            .collect())
    }
}
