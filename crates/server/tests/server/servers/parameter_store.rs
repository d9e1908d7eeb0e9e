//! Secrets from the Parameter Store, which moto stands for.

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use super::given;
use super::site::{PASSWORD, SECRET_KEY, Site, postgres_address, redis_address};
use crate::support::{Connection, Launch, StubUpstream, respond, until};

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn missing_parameters_are_all_named_and_then_found() {
    let site = Site::migrated();
    let prefix = format!("/{}/", site.name);
    put(&prefix, "DATABASE_PORT", "String", &postgres_address().port().to_string());
    put(&prefix, "DATABASE_NAME", "StringList", &site.name);
    // As a variable that was not set leaves it. Nothing may be taken for "no server" because of it.
    put(&prefix, "DATABASE_HOST", "String", " ");
    put(&prefix, "DATABASE_PASSWORD", "SecureString", PASSWORD);
    put(&prefix, "SECRET_KEY", "SecureString", SECRET_KEY);
    let missing = ["DATABASE_HOST", "DATABASE_USER", "ELASTICACHE_ENDPOINT", "DATABASE_NAME"];
    for verb in ["serve", "migrate"] {
        let ended = launch(&site, &prefix).run(&[verb], "");
        ended.assert_refused(1, &missing);
        assert_eq!(ended.errors.len(), 1, "{ended:?}");
        assert!(!ended.message().contains(PASSWORD) && !ended.message().contains(SECRET_KEY), "{ended:?}");
    }
    let checked = launch(&site, &prefix).run(&["check"], "");
    let text = checked.output.join("\n");
    assert!(checked.code == Some(1) && missing.iter().all(|name| text.contains(name)), "{text}");

    put(&prefix, "DATABASE_HOST", "String", &postgres_address().ip().to_string());
    put(&prefix, "DATABASE_NAME", "String", &site.name);
    put(&prefix, "DATABASE_USER", "String", &site.name);
    put(&prefix, "ELASTICACHE_ENDPOINT", "String", &redis_address().to_string());
    put(&prefix, "ELASTICACHE_AUTH_TOKEN", "SecureString", &given("REDIS_PASSWORD"));
    let checked = launch(&site, &prefix).run(&["check"], "");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let app = launch(&site, &prefix).start();
    until("it is ready", super::PATIENCE, || app.get("/health/ready").status == 200);
    assert_eq!(app.get("/1000001/").views(), Some(1));
    assert_eq!((app.stop().code, site.views()), (Some(0), 1));
}

#[test]
#[ignore = "needs PostgreSQL and Redis: scripts/test"]
fn a_right_that_is_missing_and_throttling_that_does_not_pass_end_the_start() {
    let site = Site::migrated();
    for (refusal, word, tries) in [
        ("AccessDeniedException", "the role needs ssm:GetParametersByPath", 1..=1),
        ("ThrottlingException", "is asked too often", 3..=100),
    ] {
        let stub = StubUpstream::answering(move |_, stream| {
            // Who closes with something unread resets the connection.
            stream.set_read_timeout(Some(Duration::from_millis(50)))?;
            while stream.read(&mut [0; 4_096]).is_ok_and(|read| read > 0) {}
            let body = format!(r#"{{"__type": "{refusal}", "message": "no"}}"#);
            respond(stream, "400 Bad Request", "application/x-amz-json-1.1", body.as_bytes())
        });
        let ended = launch(&site, "/xkcdapp/").set("AWS_ENDPOINT_URL", stub.url()).run(&["serve"], "");
        assert_eq!((ended.code, ended.errors.len()), (Some(1), 1), "{ended:?}");
        assert!(ended.message().contains(word), "{ended:?}");
        assert!(tries.contains(&stub.paths().len()), "{refusal}: tried {} times", stub.paths().len());
    }
}

fn launch(site: &Site, prefix: &str) -> Launch {
    site.launch_without_secrets()
        .set("XKCDAPP_SECRETS", "ssm")
        .set("XKCDAPP_SSM_PREFIX", prefix)
        .set("AWS_ENDPOINT_URL", given("SSM_ENDPOINT"))
        .set("AWS_REGION", "us-east-1")
        .set("AWS_ACCESS_KEY_ID", "a-key")
        .set("AWS_SECRET_ACCESS_KEY", "a-secret")
}

/// Moto verifies no signature; it looks at the scope, to know which service is meant.
#[track_caller]
fn put(prefix: &str, name: &str, kind: &str, value: &str) {
    let address = given("SSM_ENDPOINT").trim_start_matches("http://").parse().unwrap();
    let body = json!({ "Name": format!("{prefix}{name}"), "Type": kind, "Value": value, "Overwrite": true });
    let body = body.to_string();
    let head = [
        "POST / HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: application/x-amz-json-1.1",
        "X-Amz-Target: AmazonSSM.PutParameter",
        "Authorization: AWS4-HMAC-SHA256 Credential=a-key/20260101/us-east-1/ssm/aws4_request, \
         SignedHeaders=host, Signature=none",
        &format!("Content-Length: {}", body.len()),
    ];
    let mut connection = Connection::open(address).unwrap();
    connection.send(format!("{}\r\n\r\n{body}", head.join("\r\n")).as_bytes()).unwrap();
    let answer = connection.answer(false).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
