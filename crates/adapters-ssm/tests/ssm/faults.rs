//! What is told, and when, while Parameter Store is in trouble. Never with a value in it.

use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use xkcd_adapters_ssm::{SsmConfig, SsmError, SsmSecrets};
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};

use crate::fixtures::{KEY, SECRET_KEY, provider, provider_within, stub, told};
use crate::stub::{Mode, Stub};

const SOON: Duration = Duration::from_secs(2);

async fn failure(stub: &Stub, mode: Mode) -> SsmError {
    stub.set_mode(mode);
    let began = Instant::now();
    let error = provider_within(stub, SOON).get(&[SECRET_KEY], &[]).await.unwrap_err();
    assert!(began.elapsed() < SOON + Duration::from_secs(1), "it took {:?}", began.elapsed());
    assert!(!told(&error).contains("hunter2"), "a value is told");
    match error {
        SecretProviderError::Unavailable(cause) | SecretProviderError::Corrupt(cause) => {
            *cause.downcast().unwrap()
        }
        other => panic!("refused: {other}"),
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_told_by_its_name_and_at_once() {
    let stub = stub();

    let failure = failure(&stub, Mode::Refuses(400, "AccessDeniedException")).await;

    let text = failure.to_string();
    assert!(matches!(failure, SsmError::Denied { .. }), "{failure:?}");
    assert!(text.contains("ssm:GetParametersByPath on parameter/xkcdapp/test,"), "{text}");
    assert!(told(&failure).contains("this is why"), "what AWS said is the cause");
    assert_eq!(stub.requests().len(), 1, "it is not tried again");
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_told_at_once() {
    for code in ["UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException"] {
        let stub = stub();

        let failure = failure(&stub, Mode::Refuses(400, code)).await;

        assert!(matches!(failure, SsmError::Credentials(_)), "{failure:?}");
        assert_eq!(stub.requests().len(), 1);
    }
}

#[tokio::test]
async fn throttling_that_passes_is_not_noticed() {
    for (status, code) in [(400, "ThrottlingException"), (500, "InternalServerError")] {
        let stub = stub();
        stub.set_mode(Mode::RefusesAtFirst(status, code, 2));

        let secrets = provider(&stub).get(&[SECRET_KEY], &[]).await.unwrap();

        assert_eq!(secrets.get(&SECRET_KEY).unwrap().expose(), KEY);
        assert_eq!(stub.requests().len(), 3);
    }
}

#[tokio::test]
async fn throttling_that_does_not_pass_is_told_by_the_deadline() {
    let stub = stub();

    let failure = failure(&stub, Mode::Refuses(400, "ThrottlingException")).await;

    assert!(matches!(failure, SsmError::Throttled(_)), "{failure:?}");
    assert!(stub.requests().len() > 2, "it was tried again");
}

#[tokio::test]
async fn a_server_that_hangs_is_tried_again_and_given_up_by_the_deadline() {
    let stub = stub();

    let failure = failure(&stub, Mode::Hangs).await;

    assert!(matches!(failure, SsmError::Unreachable { .. } | SsmError::TooLate { .. }), "{failure:?}");
    assert!(stub.requests().len() > 1, "it was tried again");
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_without_it() {
    for mode in [Mode::Babbles, Mode::HangsUp] {
        let stub = stub();

        let failure = failure(&stub, mode).await;

        assert!(matches!(failure, SsmError::Garbage(_)), "{mode:?}: {failure:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = SsmConfig { answer_within: SOON, ..SsmConfig::new("/xkcdapp/test/".parse().unwrap()) };
    let secrets = SsmSecrets::new(&crate::fixtures::sdk(&format!("http://{gone}")), config).unwrap();

    let error = secrets.get(&[SECRET_KEY], &[]).await.unwrap_err();

    let text = told(&error);
    assert!(text.contains("eu-central-1") && text.contains("Connection refused"), "{text}");
}

#[tokio::test]
async fn a_region_that_is_missing_is_told() {
    let sdk = aws_config::SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();

    let error = SsmSecrets::new(&sdk, SsmConfig::new("/xkcdapp/test/".parse().unwrap())).unwrap_err();

    assert!(told(&error).contains("AWS_REGION"), "{error}");
}
