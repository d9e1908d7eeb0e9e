//! How a schema comes to be, and whether this release can use it.

use futures_util::future::join_all;
use xkcd_adapters_postgres::{PostgresStore, PostgresStoreError, Schema};

use crate::database::{Database, start, text};

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn of_five_that_migrate_at_once_all_find_the_new_schema() {
    for _ in 0..3 {
        let database = Database::empty().await;
        let stores = [(); 5].map(|()| database.store());

        let migrated = join_all(stores.iter().map(PostgresStore::migrate)).await;

        for schema in migrated {
            assert_eq!(schema.unwrap(), Schema { version: 1 });
        }
        assert_eq!(database.number("SELECT count(*) FROM refinery_schema_history").await, 1);
    }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_refused_until_it_is_migrated() {
    let database = Database::empty().await;
    let store = database.store();

    let error = store.check().await.unwrap_err();

    assert!(matches!(error, PostgresStoreError::SchemaOlder { found: 0, known: 1 }), "{error:?}");
    assert_eq!(text(&error), "the database has schema 0 and this release needs 1: run xkcdapp migrate");
    assert!(!store.reached());
    database.store().migrate().await.unwrap();
    store.check().await.unwrap();
    assert!(store.reached());
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_refused() {
    let database = Database::new().await;
    database.execute("UPDATE schema_compatibility SET version = 0").await;

    let error = database.store().check().await.unwrap_err();

    assert!(matches!(error, PostgresStoreError::SchemaOlder { found: 0, known: 1 }), "{error:?}");
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_used_when_it_serves_this_release_and_left_as_it_is() {
    let database = Database::new().await;
    database.execute("UPDATE schema_compatibility SET version = 7").await;
    let store = database.store();

    assert_eq!(store.check().await.unwrap(), Schema { version: 7 });
    assert_eq!(store.migrate().await.unwrap(), Schema { version: 7 });

    database.execute("UPDATE schema_compatibility SET serves_from = 2").await;
    for refused in [database.store().check().await, store.migrate().await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, PostgresStoreError::SchemaNewer { found: 7, known: 1 }), "{error:?}");
        assert!(text(&error).contains("newer release (schema 7, this release knows 1)"), "{}", text(&error));
    }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn who_may_make_no_tables_is_told_so() {
    let database = Database::empty().await;
    let user = database.user().await;
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    let mut config = database.config();
    config.user.clone_from(&user.name);
    config.password = xkcd_domain::secret::SecretValue::new(user.password.to_owned());

    let error = start(config).migrate().await.unwrap_err();

    assert!(matches!(error, PostgresStoreError::Forbidden { .. }), "{error:?}");
    assert!(
        text(&error).starts_with("the user in DATABASE_USER may not make tables: grant it that"),
        "{error}"
    );
}
