//! The provider against moto, a stand-in for AWS that others wrote.

use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use xkcd_adapters_ssm::{ParameterPrefix, SsmConfig, SsmSecrets};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};

use crate::fixtures::{
    AUTH_TOKEN, DATABASE_HOST, DATABASE_NAME, DATABASE_PASSWORD, KEY, PASSWORD, SECRET_KEY, sdk,
};

/// A path of the test's own on moto, and a provider for it.
struct Moto {
    client: Client,
    prefix: ParameterPrefix,
    secrets: SsmSecrets,
}

impl Moto {
    fn connect() -> Self {
        let endpoint =
            std::env::var("XKCDAPP_TEST_SSM_ENDPOINT").expect("XKCDAPP_TEST_SSM_ENDPOINT: run scripts/test");
        let sdk = sdk(&endpoint);
        let prefix: ParameterPrefix = format!("/xkcdapp/{:016x}/", rand::random::<u64>()).parse().unwrap();
        // Others may use moto at the same time.
        let config = SsmConfig { answer_within: Duration::from_secs(30), ..SsmConfig::new(prefix.clone()) };
        let secrets = SsmSecrets::new(&sdk, config).unwrap();
        Self { client: Client::new(&sdk), prefix, secrets }
    }

    async fn put(&self, name: &str, kind: ParameterType, value: &str) {
        let name = format!("{}{name}", self.prefix);
        self.client
            .put_parameter()
            .name(name)
            .r#type(kind)
            .value(value)
            .overwrite(true)
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
#[ignore = "needs moto: scripts/test"]
async fn secrets_come_decrypted_and_from_all_pages() {
    let moto = Moto::connect();
    for number in 0..20 {
        moto.put(&format!("ANOTHER_{number:02}"), ParameterType::String, "x").await;
    }
    moto.put("DATABASE_HOST", ParameterType::String, "database.example.org").await;
    moto.put("DATABASE_PASSWORD", ParameterType::SecureString, PASSWORD).await;
    moto.put("SECRET_KEY", ParameterType::SecureString, KEY).await;

    let secrets =
        moto.secrets.get(&[SECRET_KEY, DATABASE_PASSWORD, DATABASE_HOST], &[AUTH_TOKEN]).await.unwrap();

    assert_eq!(secrets.get(&SECRET_KEY).unwrap().expose(), KEY);
    assert_eq!(secrets.get(&DATABASE_PASSWORD).unwrap().expose(), PASSWORD);
    assert_eq!(secrets.get(&DATABASE_HOST).unwrap().expose(), "database.example.org");
    assert!(secrets.get(&AUTH_TOKEN).is_none());
}

#[tokio::test]
#[ignore = "needs moto: scripts/test"]
async fn what_is_missing_or_of_the_wrong_type_is_named() {
    let moto = Moto::connect();
    moto.put("DATABASE_NAME", ParameterType::StringList, "one,two").await;
    moto.put("DATABASE_PASSWORD", ParameterType::String, PASSWORD).await;

    let required = [SECRET_KEY, DATABASE_NAME, DATABASE_PASSWORD];
    let error = moto.secrets.get(&required, &[AUTH_TOKEN]).await.unwrap_err();

    let SecretProviderError::Refused { missing, wrong_type } = error else { panic!("{error}") };
    assert_eq!(missing, [SECRET_KEY]);
    assert_eq!(wrong_type, [DATABASE_NAME, DATABASE_PASSWORD]);
}

#[tokio::test]
#[ignore = "needs moto: scripts/test"]
async fn a_value_that_was_changed_is_seen() {
    let moto = Moto::connect();
    for value in ["the first", "the second"] {
        moto.put("SECRET_KEY", ParameterType::SecureString, value).await;

        let secrets = moto.secrets.get(&[SECRET_KEY], &[]).await.unwrap();

        assert_eq!(secrets.get(&SECRET_KEY).unwrap().expose(), value);
    }
}
