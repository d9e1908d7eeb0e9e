use xkcd_domain::ports::secret_provider::SecretProviderError;
use xkcd_domain::secret::{SecretName, SecretValue, Secrets};

const PASSWORD: SecretName = SecretName::new("DATABASE_PASSWORD");
const KEY: SecretName = SecretName::new("SECRET_KEY");

#[test]
fn a_secret_shows_its_value_to_who_asks_for_it_alone() {
    let value = SecretValue::new("correct horse".into());
    assert_eq!(value.expose(), "correct horse");
    let secrets = Secrets::from_iter([(PASSWORD, value.clone())]);
    let shown = format!("{value} {value:?} {:?} {secrets:?} {secrets:#?}", value.clone());
    assert!(!shown.contains("horse"), "{shown}");
    assert_eq!(secrets.get(&PASSWORD).map(SecretValue::expose), Some("correct horse"));
    assert!(secrets.get(&KEY).is_none());
}

#[test]
fn a_refusal_names_every_secret() {
    let refused = |missing: &[SecretName], wrong_type: &[SecretName]| SecretProviderError::Refused {
        missing: missing.to_vec(),
        wrong_type: wrong_type.to_vec(),
    };
    assert_eq!(refused(&[PASSWORD, KEY], &[]).to_string(), "missing secrets: DATABASE_PASSWORD, SECRET_KEY");
    assert_eq!(
        refused(&[PASSWORD], &[KEY]).to_string(),
        "missing secrets: DATABASE_PASSWORD; secrets of the wrong type: SECRET_KEY"
    );
    assert_eq!(refused(&[], &[KEY]).to_string(), "secrets of the wrong type: SECRET_KEY");
}

#[test]
#[should_panic(expected = "upper-case letters")]
fn a_name_of_another_form_is_refused() {
    let _ = SecretName::new("database_password");
}

#[test]
#[should_panic(expected = "not empty")]
fn an_empty_name_is_refused() {
    let _ = SecretName::new("");
}
