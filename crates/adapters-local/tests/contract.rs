//! The contract of every port that this crate serves, clause by clause.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use xkcd_adapters_local::{
    MapSecrets, SqliteAccountStore, SqliteComicArchive, SqliteConfig, SqliteSessionStore,
    SqliteSignInThrottle, SqliteStore, SqliteViewCounter, SqliteViewLedger,
};
use xkcd_domain::contract::secret_provider::SecretSubject;
use xkcd_domain::contract::view_ledger::LedgerSubject;
use xkcd_domain::ports::account_store::AccountStore;
use xkcd_domain::ports::comic_archive::ComicArchive;
use xkcd_domain::ports::session_store::SessionStore;
use xkcd_domain::ports::sign_in_throttle::SignInThrottle;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::secret::{SecretName, SecretValue};

/// A store of the test's own, patient with a busy machine.
fn store() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = SqliteConfig { answer_within: Duration::from_secs(10), ..SqliteConfig::new(folder.path()) };
    (SqliteStore::open(&config).unwrap(), folder)
}

fn accounts() -> (Arc<dyn AccountStore>, TempDir) {
    let (store, folder) = store();
    (Arc::new(SqliteAccountStore::new(store)), folder)
}

fn archive() -> (Arc<dyn ComicArchive>, TempDir) {
    let (store, folder) = store();
    (Arc::new(SqliteComicArchive::new(store)), folder)
}

fn sessions() -> (Arc<dyn SessionStore>, TempDir) {
    let (store, folder) = store();
    (Arc::new(SqliteSessionStore::new(store)), folder)
}

fn throttle() -> (Arc<dyn SignInThrottle>, TempDir) {
    let (store, folder) = store();
    (Arc::new(SqliteSignInThrottle::new(store)), folder)
}

fn views() -> (Arc<dyn ViewCounter>, TempDir) {
    let (store, folder) = store();
    (Arc::new(SqliteViewCounter::new(store)), folder)
}

fn ledger() -> (LedgerSubject, TempDir) {
    let (store, folder) = store();
    let ledger = Arc::new(SqliteViewLedger::new(store.clone()));
    (LedgerSubject { ledger, counter: Arc::new(SqliteViewCounter::new(store)) }, folder)
}

fn secrets() -> (SecretSubject, ()) {
    let present = [(SecretName::new("DATABASE_USER"), "ada"), (SecretName::new("DATABASE_PASSWORD"), "p w")];
    let empty = SecretName::new("DATABASE_HOST");
    let values = present.clone().into_iter().chain([(empty.clone(), "")]);
    let provider = MapSecrets::new(values.map(|(name, value)| (name, SecretValue::new(value.to_owned()))));
    let subject = SecretSubject {
        provider: Arc::new(provider),
        present,
        absent: [SecretName::new("SECRET_KEY"), SecretName::new("ELASTICACHE_AUTH_TOKEN")],
        empty: Some(empty),
        wrong_type: None,
        rotate: None,
    };
    (subject, ())
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    account_store => accounts()
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    comic_archive => archive()
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    session_store => sessions()
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    sign_in_throttle => throttle()
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    view_counter => views()
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    view_ledger => ledger()
}

xkcd_domain::contract_tests! {
    #[tokio::test(flavor = "multi_thread")]
    secret_provider => secrets()
}
