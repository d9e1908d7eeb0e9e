//! The contract of a [`SecretProvider`]. The subject says what the provider holds.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::keys::Keys;
use super::{Outcome, Violation, demand, demand_equal};
use crate::ports::secret_provider::{SecretProvider, SecretProviderError};
use crate::secret::{SecretName, Secrets};

/// Changes the value of the secret of this name where the provider reads it.
pub type Rotate = Box<dyn Fn(SecretName, String) -> BoxFuture<'static, ()> + Send + Sync>;

/// A provider, and what it holds.
pub struct SecretSubject {
    /// The provider.
    pub provider: Arc<dyn SecretProvider>,
    /// Two secrets that are there, with their values.
    pub present: [(SecretName, &'static str); 2],
    /// Two that are not there.
    pub absent: [SecretName; 2],
    /// One that is there with an empty value; `None` where that can't be.
    pub empty: Option<SecretName>,
    /// Two that are there in a way they must not be kept; `None` where all ways are equal.
    pub wrong_type: Option<[SecretName; 2]>,
    /// Changes a secret; `None` where none changes while the process lives.
    pub rotate: Option<Rotate>,
}

crate::__contract_clauses! { secret_provider, __contract_table, SecretSubject, }

fn demand_value(secrets: &Secrets, (name, value): &(SecretName, &'static str)) -> Outcome {
    demand(secrets.get(name).is_some_and(|it| it.expose() == *value), &format!("{name} has its value"))
}

/// The names that a call was refused for: those missing and those of the wrong type, each in order.
async fn refused(
    provider: &dyn SecretProvider,
    required: &[SecretName],
    optional: &[SecretName],
) -> Result<[BTreeSet<SecretName>; 2], Violation> {
    match provider.get(required, optional).await {
        Err(SecretProviderError::Refused { missing, wrong_type }) => {
            Ok([missing.into_iter().collect(), wrong_type.into_iter().collect()])
        }
        Err(other) => Err(other.into()),
        Ok(_) => Err(Violation(format!("{required:?} and {optional:?} should have been refused"))),
    }
}

async fn required_secrets_are_given(subject: SecretSubject, _: Keys) -> Outcome {
    let [first, second] = &subject.present;
    let secrets = subject.provider.get(&[first.0.clone(), second.0.clone()], &[]).await?;
    demand_value(&secrets, first)?;
    demand_value(&secrets, second)
}

async fn an_optional_secret_is_given_when_it_is_there(subject: SecretSubject, _: Keys) -> Outcome {
    let [first, second] = &subject.present;
    let secrets = subject.provider.get(from_ref(&first.0), from_ref(&second.0)).await?;
    demand_value(&secrets, second)
}

async fn an_optional_secret_that_is_not_there_is_left_out(subject: SecretSubject, _: Keys) -> Outcome {
    let [first, _] = &subject.present;
    let secrets = subject.provider.get(from_ref(&first.0), &subject.absent).await?;
    demand_value(&secrets, first)?;
    demand(secrets.get(&subject.absent[0]).is_none(), "an optional secret that is not there is left out")
}

async fn no_other_secret_is_given(subject: SecretSubject, _: Keys) -> Outcome {
    let [first, second] = &subject.present;
    let secrets = subject.provider.get(from_ref(&first.0), &[]).await?;
    demand(secrets.get(&second.0).is_none(), "a secret that was not asked for is not given")
}

async fn every_missing_secret_is_named(subject: SecretSubject, _: Keys) -> Outcome {
    let [absent, other] = &subject.absent;
    let required = [absent.clone(), subject.present[0].0.clone(), other.clone()];
    let [missing, wrong_type] = refused(&*subject.provider, &required, &[]).await?;
    demand_equal("the missing secrets", &missing, &subject.absent.iter().cloned().collect())?;
    demand_equal("the secrets of the wrong type", &wrong_type, &BTreeSet::new())
}

async fn an_empty_secret_is_not_there(subject: SecretSubject, _: Keys) -> Outcome {
    let Some(empty) = &subject.empty else { return Ok(()) };
    let names = from_ref(empty);
    let [missing, _] = refused(&*subject.provider, names, &[]).await?;
    demand_equal("the missing secrets", &missing, &names.iter().cloned().collect())?;
    let secrets = subject.provider.get(&[], names).await?;
    demand(secrets.get(empty).is_none(), "an optional secret that is empty is left out")
}

async fn every_secret_of_the_wrong_type_is_named(subject: SecretSubject, _: Keys) -> Outcome {
    let Some([first, second]) = &subject.wrong_type else { return Ok(()) };
    let absent = &subject.absent[0];
    let required = [first.clone(), absent.clone()];
    let [missing, wrong_type] = refused(&*subject.provider, &required, from_ref(second)).await?;
    demand_equal("the missing secrets", &missing, &BTreeSet::from([absent.clone()]))?;
    let both = BTreeSet::from([first.clone(), second.clone()]);
    demand_equal("the secrets of the wrong type, required and optional", &wrong_type, &both)
}

async fn a_rotated_secret_is_seen(subject: SecretSubject, mut keys: Keys) -> Outcome {
    let Some(rotate) = &subject.rotate else { return Ok(()) };
    let name = &subject.present[0].0;
    let names = from_ref(name);
    subject.provider.get(names, &[]).await?;
    let value = format!("rotated-{:x}", keys.bits());
    rotate(name.clone(), value.clone()).await;
    let secrets = subject.provider.get(names, &[]).await?;
    demand(secrets.get(name).is_some_and(|it| it.expose() == value), "the next call sees the new value")
}

async fn no_value_is_in_an_error(subject: SecretSubject, _: Keys) -> Outcome {
    let [first, second] = &subject.present;
    let mut required = vec![first.0.clone(), second.0.clone(), subject.absent[0].clone()];
    required.extend(subject.wrong_type.iter().flatten().cloned());
    let Err(error) = subject.provider.get(&required, &[]).await else {
        return demand(false, "a missing secret is refused");
    };
    let mut told = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        told = format!("{told} {error} {error:?}");
        cause = error.source();
    }
    // What was told is not shown here either.
    demand(!told.contains(first.1) && !told.contains(second.1), "an error has no secret's value in it")
}
