//! What is said when no connection can be made, and that nothing secret is in it.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use xkcd_adapters_postgres::{PostgresConfig, PostgresStore, PostgresStoreError, Roots, Tls};
use xkcd_domain::secret::SecretValue;

use crate::database::{Database, start, text};

/// What `check` and `migrate` say; both the same.
async fn refusal(config: PostgresConfig) -> String {
    let password = config.password.expose().to_owned();
    let shown = format!("{config:?}");
    let store: PostgresStore = start(config);
    let checked = text(&store.check().await.unwrap_err());
    let migrated = text(&store.migrate().await.unwrap_err());
    assert_eq!(checked, migrated);
    assert!(!store.reached() && store.is_down());
    for text in [&checked, &shown] {
        assert!(!text.contains(&password), "{text}");
    }
    checked
}

macro_rules! assert_says {
    ($refusal:expr, $($part:expr),+) => {{
        let refusal = $refusal;
        $( assert!(refusal.contains(&$part[..]), "{refusal}"); )+
        // One line.
        assert!(!refusal.contains('\n'), "{refusal}");
    }};
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_address() {
    let database = Database::new().await;
    let config = PostgresConfig { host: "nowhere.invalid".into(), ..database.config() };
    assert_says!(refusal(config).await, "the host nowhere.invalid has no address: check DATABASE_HOST");
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nothing_listens() {
    let database = Database::new().await;
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let config = PostgresConfig { port, ..database.config() };
    assert_says!(
        refusal(config).await,
        "nothing listens at",
        format!(":{port}: check DATABASE_HOST and DATABASE_PORT")
    );
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_something_else_listens() {
    let database = Database::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        // One that is closed with bytes unread would be reset.
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = stream.shutdown().await;
            open.push(stream);
        }
    });
    let tls = PostgresConfig { port, host: "127.0.0.1".into(), ..database.config() };
    assert_says!(refusal(tls.clone()).await, "offers no TLS");
    let plain = PostgresConfig { tls: Tls::Disable, ..tls };
    assert_says!(
        refusal(plain).await,
        "does not speak like PostgreSQL: check DATABASE_HOST and DATABASE_PORT"
    );
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer() {
    let database = Database::new().await;
    // It accepts in the kernel, and nobody ever reads.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = PostgresConfig { port, host: "127.0.0.1".into(), ..database.config() };
    config.limits.answer_within = Duration::from_millis(1_500);
    config.limits.connect_within = Duration::from_secs(1);
    let began = Instant::now();

    let error = start(config).check().await.unwrap_err();

    assert_says!(text(&error), "does not answer: check DATABASE_HOST");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password() {
    let database = Database::new().await;
    let password = SecretValue::new("not the password".to_owned());
    let config = PostgresConfig { password, ..database.config() };
    assert_says!(refusal(config).await, "refuses the user", "check DATABASE_USER and DATABASE_PASSWORD");
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_did_not_sign_the_certificate() {
    let database = Database::new().await;
    let tls = Tls::VerifyFull(Roots::amazon_rds().unwrap());
    let config = PostgresConfig { tls, ..database.config() };
    assert_says!(refusal(config).await, "an authority that is not trusted: check XKCDAPP_DATABASE_CA");
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_host() {
    let database = Database::new().await;
    // Leads to this machine, and is in no certificate.
    let config = PostgresConfig { host: "127.0.0.2".into(), ..database.config() };
    let port = config.port;
    let listener = TcpListener::bind(("127.0.0.2", 0)).await.unwrap();
    let front = listener.local_addr().unwrap().port();
    let target = database.config().host;
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect((&*target, port)).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let config = PostgresConfig { port: front, ..config };
    assert_says!(refusal(config).await, "the certificate of 127.0.0.2:", "is another host's");
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there() {
    let database = Database::new().await;
    let config = PostgresConfig { database: "nowhere".into(), ..database.config() };
    assert_says!(refusal(config).await, "has no database nowhere: check DATABASE_NAME");
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_rights() {
    let database = Database::new().await;
    let user = database.user().await;
    let mut config = database.config();
    config.user.clone_from(&user.name);
    config.password = SecretValue::new(user.password.to_owned());
    let error = start(config.clone()).check().await.unwrap_err();
    assert!(matches!(error, PostgresStoreError::Forbidden { .. }), "{error:?}");

    let name = &user.name;
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")).await;
    let error = start(config.clone()).check().await.unwrap_err();
    assert_says!(text(&error), "may not insert comic_views (and ");

    database.execute(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")).await;
    let error = start(config.clone()).check().await.unwrap_err();
    assert_says!(text(&error), "may not use row_versions: grant it that");

    database.execute(&format!("GRANT USAGE ON SEQUENCE row_versions TO {name}")).await;
    start(config).check().await.unwrap();
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_reached_without_a_call_when_it_comes_up() {
    let database = Database::empty().await;
    let store = database.store();
    assert!(!store.reached());

    database.store().migrate().await.unwrap();

    let reached = async {
        while !store.reached() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached).await.unwrap();
}
