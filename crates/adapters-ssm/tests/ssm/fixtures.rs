//! A provider over the stub, and what the stub holds.

use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ssm::config::{Credentials, SharedCredentialsProvider};
use xkcd_adapters_ssm::{SsmConfig, SsmSecrets};
use xkcd_domain::secret::SecretName;

use crate::stub::Stub;

pub(crate) const SECRET_KEY: SecretName = SecretName::new("SECRET_KEY");
pub(crate) const DATABASE_PASSWORD: SecretName = SecretName::new("DATABASE_PASSWORD");
pub(crate) const DATABASE_HOST: SecretName = SecretName::new("DATABASE_HOST");
pub(crate) const DATABASE_NAME: SecretName = SecretName::new("DATABASE_NAME");
pub(crate) const DATABASE_USER: SecretName = SecretName::new("DATABASE_USER");
pub(crate) const AUTH_TOKEN: SecretName = SecretName::new("ELASTICACHE_AUTH_TOKEN");
pub(crate) const ENDPOINT: SecretName = SecretName::new("ELASTICACHE_ENDPOINT");

pub(crate) const KEY: &str = "hunter2-the-secret-key";
pub(crate) const PASSWORD: &str = "hunter2-the-password";

/// A stub with two secrets and some other parameters.
pub(crate) fn stub() -> Stub {
    let stub = Stub::start();
    stub.put("/xkcdapp/test/SECRET_KEY", "SecureString", KEY);
    stub.put("/xkcdapp/test/DATABASE_PASSWORD", "SecureString", PASSWORD);
    stub.put("/xkcdapp/test/SOMETHING_ELSE", "StringList", "a,b");
    stub.put("/xkcdapp/test/deeper/DATABASE_HOST", "String", "a.host.elsewhere");
    stub.put("/xkcdapp/production/DATABASE_HOST", "String", "a.host.of.production");
    stub
}

/// Where AWS is, for the SDK, with nothing taken from the environment.
pub(crate) fn sdk(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "an example", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

pub(crate) fn provider(stub: &Stub) -> SsmSecrets {
    provider_within(stub, Duration::from_secs(10))
}

pub(crate) fn provider_within(stub: &Stub, answer_within: Duration) -> SsmSecrets {
    let config = SsmConfig { answer_within, ..SsmConfig::new("/xkcdapp/test/".parse().unwrap()) };
    SsmSecrets::new(&sdk(&format!("http://{}", stub.address)), config).unwrap()
}

/// All that an error shows: by `Display` and `Debug`, with its causes.
pub(crate) fn told(error: &dyn Error) -> String {
    let rest = error.source().map(told).unwrap_or_default();
    format!("{error} {error:?} {rest}")
}
