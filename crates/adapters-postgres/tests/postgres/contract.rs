//! The contract of every port that this crate serves, clause by clause.

use std::sync::Arc;

use xkcd_adapters_postgres::{
    PostgresAccountStore, PostgresComicArchive, PostgresViewCounter, PostgresViewLedger,
};
use xkcd_domain::contract::view_ledger::LedgerSubject;
use xkcd_domain::ports::account_store::AccountStore;
use xkcd_domain::ports::comic_archive::ComicArchive;
use xkcd_domain::ports::view_counter::ViewCounter;

use crate::database::Database;

async fn accounts() -> (Arc<dyn AccountStore>, Database) {
    let database = Database::new().await;
    (Arc::new(PostgresAccountStore::new(database.store())), database)
}

async fn archive() -> (Arc<dyn ComicArchive>, Database) {
    let database = Database::new().await;
    (Arc::new(PostgresComicArchive::new(database.store())), database)
}

async fn views() -> (Arc<dyn ViewCounter>, Database) {
    let database = Database::new().await;
    (Arc::new(PostgresViewCounter::new(database.store())), database)
}

async fn ledger() -> (LedgerSubject, Database) {
    let database = Database::new().await;
    let store = database.store();
    let ledger = Arc::new(PostgresViewLedger::new(store.clone()));
    (LedgerSubject { ledger, counter: Arc::new(PostgresViewCounter::new(store)) }, database)
}

xkcd_domain::contract_tests! {
    #[ignore = "needs PostgreSQL: scripts/test"]
    #[tokio::test(flavor = "multi_thread")]
    account_store => accounts().await
}

xkcd_domain::contract_tests! {
    #[ignore = "needs PostgreSQL: scripts/test"]
    #[tokio::test(flavor = "multi_thread")]
    comic_archive => archive().await
}

xkcd_domain::contract_tests! {
    #[ignore = "needs PostgreSQL: scripts/test"]
    #[tokio::test(flavor = "multi_thread")]
    view_counter => views().await
}

xkcd_domain::contract_tests! {
    #[ignore = "needs PostgreSQL: scripts/test"]
    #[tokio::test(flavor = "multi_thread")]
    view_ledger => ledger().await
}
