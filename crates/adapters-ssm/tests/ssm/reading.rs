//! What is asked for, and what is taken of the answer.

use serde_json::json;
use xkcd_domain::ports::secret_provider::{SecretProvider, SecretProviderError};
use xkcd_domain::secret::SecretName;

use crate::fixtures::{
    AUTH_TOKEN, DATABASE_HOST, DATABASE_NAME, DATABASE_PASSWORD, DATABASE_USER, ENDPOINT, KEY, SECRET_KEY,
    provider, stub,
};
use crate::stub::Stub;

/// What a call was refused for.
async fn refused(stub: &Stub, required: &[SecretName]) -> (Vec<SecretName>, Vec<SecretName>, String) {
    match provider(stub).get(required, &[]).await {
        Err(SecretProviderError::Refused { missing, wrong_type }) => {
            let told =
                SecretProviderError::Refused { missing: missing.clone(), wrong_type: wrong_type.clone() };
            (missing, wrong_type, told.to_string())
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn one_request_asks_for_all_that_is_directly_under_the_path() {
    let stub = stub();

    let secrets = provider(&stub).get(&[SECRET_KEY], &[DATABASE_HOST]).await.unwrap();

    assert_eq!(secrets.get(&SECRET_KEY).unwrap().expose(), KEY);
    assert!(secrets.get(&DATABASE_HOST).is_none(), "what is elsewhere is not taken");
    let request = json!({
        "Path": "/xkcdapp/test", "Recursive": false, "WithDecryption": true, "MaxResults": 10,
    });
    assert_eq!(stub.requests(), [request]);
}

#[tokio::test]
async fn all_pages_are_read() {
    let stub = stub();
    for number in 0..21 {
        stub.put(&format!("/xkcdapp/test/ANOTHER_{number:02}"), "String", "x");
    }

    let secrets = provider(&stub).get(&[SECRET_KEY, DATABASE_PASSWORD], &[]).await.unwrap();

    assert_eq!(secrets.get(&SECRET_KEY).unwrap().expose(), KEY);
    assert_eq!(stub.requests().len(), 3, "24 parameters are 3 pages");
}

#[tokio::test]
async fn all_that_are_missing_are_named_at_once() {
    let stub = stub();

    let (missing, wrong_type, told) =
        refused(&stub, &[DATABASE_HOST, SECRET_KEY, DATABASE_NAME, DATABASE_USER]).await;

    assert_eq!(missing, [DATABASE_HOST, DATABASE_NAME, DATABASE_USER]);
    assert_eq!(wrong_type, []);
    assert_eq!(told, "missing secrets: DATABASE_HOST, DATABASE_NAME, DATABASE_USER");
}

#[tokio::test]
async fn secrets_that_are_not_encrypted_are_of_the_wrong_type() {
    const ADMIN_PASSWORD: SecretName = SecretName::new("XKCDAPP_ADMIN_PASSWORD");
    let stub = stub();
    let secrets = [AUTH_TOKEN, DATABASE_PASSWORD, SECRET_KEY, ADMIN_PASSWORD];
    for name in &secrets {
        stub.put(&format!("/xkcdapp/test/{name}"), "String", "in plain text");
    }

    let (missing, wrong_type, told) = refused(&stub, &secrets).await;

    assert_eq!(missing, []);
    assert_eq!(wrong_type.len(), 4, "{told}");
    assert!(!told.contains("plain"), "{told}");
}

#[tokio::test]
async fn what_is_no_secret_may_be_encrypted_or_not_but_is_no_list() {
    let stub = stub();
    stub.put("/xkcdapp/test/DATABASE_HOST", "String", "database.example.org");
    stub.put("/xkcdapp/test/DATABASE_USER", "SecureString", "randall");
    let secrets = provider(&stub).get(&[DATABASE_HOST, DATABASE_USER], &[]).await.unwrap();
    assert_eq!(secrets.get(&DATABASE_USER).unwrap().expose(), "randall");

    stub.put("/xkcdapp/test/ELASTICACHE_ENDPOINT", "StringList", "a,b");
    let (missing, wrong_type, _) = refused(&stub, &[ENDPOINT, DATABASE_NAME]).await;
    assert_eq!((missing, wrong_type), (vec![DATABASE_NAME], vec![ENDPOINT]));
}
