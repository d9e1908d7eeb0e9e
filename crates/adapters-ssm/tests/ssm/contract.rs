//! The contract of the port, over the stub.

use std::sync::Arc;

use xkcd_domain::contract::secret_provider::SecretSubject;

use crate::fixtures::{
    AUTH_TOKEN, DATABASE_HOST, DATABASE_NAME, DATABASE_PASSWORD, DATABASE_USER, ENDPOINT, KEY, SECRET_KEY,
    provider,
};
use crate::stub::Stub;

fn subject() -> (SecretSubject, Stub) {
    let stub = Stub::start();
    for (name, kind, value) in [
        (SECRET_KEY, "SecureString", KEY),
        (DATABASE_HOST, "String", "database.example.org"),
        (DATABASE_NAME, "StringList", "one,two"),
        (DATABASE_PASSWORD, "String", "in plain text"),
        (DATABASE_USER, "String", ""),
    ] {
        stub.put(&format!("/xkcdapp/test/{name}"), kind, value);
    }
    let rotated = stub.clone();
    let subject = SecretSubject {
        provider: Arc::new(provider(&stub)),
        present: [(SECRET_KEY, KEY), (DATABASE_HOST, "database.example.org")],
        absent: [AUTH_TOKEN, ENDPOINT],
        empty: Some(DATABASE_USER),
        wrong_type: Some([DATABASE_NAME, DATABASE_PASSWORD]),
        rotate: Some(Box::new(move |name, value| {
            rotated.rotate(&format!("/xkcdapp/test/{name}"), value);
            Box::pin(std::future::ready(()))
        })),
    };
    (subject, stub)
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    secret_provider => subject()
}
