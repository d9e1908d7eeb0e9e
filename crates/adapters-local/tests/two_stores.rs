//! Two processes share the file. Here each is a store with connections of its own; SQLite keeps them apart as
//! it does processes.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use xkcd_adapters_local::{
    SqliteAccountStore, SqliteConfig, SqliteStore, SqliteViewCounter, SqliteViewLedger,
};
use xkcd_domain::account::{PasswordHash, Role, Username};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError, NewAccount};
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::{
    Adjustment, LedgerOrder, LedgerPage, LedgerQuery, Removal, ViewLedger, ViewLedgerError,
};
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

const BATCHES: u64 = 60;
const COMICS: u32 = 40;

/// Settings for a busy machine.
fn patient(folder: &TempDir) -> SqliteConfig {
    let long = Duration::from_secs(10);
    SqliteConfig { busy_timeout: long, answer_within: 2 * long, ..SqliteConfig::new(folder.path()) }
}

/// Each batch has every second or so of the comics, another choice each time.
fn batch(writer: u128, number: u64) -> ViewBatch {
    let comics = (1..=COMICS).filter(|comic| !(u64::from(*comic) + number).is_multiple_of(3));
    let views: BTreeMap<_, _> =
        comics.map(|comic| (ComicNumber::try_from(comic).unwrap(), 1 + comic % 3)).collect();
    ViewBatch::new(WriterId::from_random(writer), BatchNumber::try_from(number).unwrap(), views).unwrap()
}

/// Sends every batch twice, as a writer does that got no answer.
async fn count(store: SqliteStore, writer: u128) -> u64 {
    let views = SqliteViewCounter::new(store);
    let mut counted = 0;
    for number in 1..=BATCHES {
        let batch = batch(writer, number);
        assert!(views.apply(&batch).await.unwrap().added);
        assert!(!views.apply(&batch).await.unwrap().added);
        counted += batch.total();
    }
    counted
}

/// Corrects and removes rows all the while; conflicts are fine.
async fn administrate(store: SqliteStore) {
    let ledger = SqliteViewLedger::new(store);
    let by: Username = "ada".parse().unwrap();
    for round in 0..BATCHES {
        let query = LedgerQuery {
            least_views: None,
            most_views: None,
            only: None,
            order: LedgerOrder::ViewsDescending,
            page: LedgerPage::First,
            limit: 10,
        };
        let rows = ledger.list(&query).await.unwrap().rows;
        let outcome = if round.is_multiple_of(5) {
            let gone: Vec<_> =
                rows.iter().take(1).map(|it| Removal { comic: it.comic, version: it.version }).collect();
            ledger.remove(&gone, &by).await
        } else {
            let wanted = |views: ViewCount| ViewCount::try_from(views.get() / 2).unwrap();
            let corrections: Vec<_> = rows
                .iter()
                .map(|it| Adjustment {
                    comic: it.comic,
                    seen: it.views,
                    wanted: wanted(it.views),
                    version: Some(it.version),
                })
                .collect();
            ledger.adjust(&corrections, &by).await
        };
        assert!(matches!(outcome, Ok(()) | Err(ViewLedgerError::Conflict { .. })), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn their_counts_are_exact_while_admins_change_them() {
    let folder = tempfile::tempdir().unwrap();
    let config = patient(&folder);
    let [one, other] = [(); 2].map(|()| SqliteStore::open(&config).unwrap());

    let tasks = [
        tokio::spawn(count(one.clone(), 1)),
        tokio::spawn(count(other.clone(), 2)),
        tokio::spawn(count(other.clone(), 3)),
    ];
    let admins = [tokio::spawn(administrate(one.clone())), tokio::spawn(administrate(other.clone()))];
    let mut counted = 0;
    for task in tasks {
        counted += task.await.unwrap();
    }
    for admin in admins {
        admin.await.unwrap();
    }

    let connection = Connection::open(one.file()).unwrap();
    let sum = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    let days = sum("SELECT sum(views) FROM daily_views");
    let deltas = sum("SELECT coalesce(sum(delta), 0) FROM view_history");
    assert_eq!(days.unsigned_abs(), counted);
    assert_eq!(sum("SELECT sum(view_count) FROM comic_views"), days + deltas);
    assert!(sum("SELECT count(*) FROM view_history") > 0, "the admins did something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_superusers_who_step_down_together_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let config = patient(&folder);
    let stores = [(); 2].map(|()| Arc::new(SqliteAccountStore::new(SqliteStore::open(&config).unwrap())));
    let names: [Username; 2] = ["ada", "grace"].map(|name| name.parse().unwrap());
    for username in names.clone() {
        let password_hash = PasswordHash::new("$argon2id$…");
        stores[0].create(&NewAccount { username, role: Role::Superuser, password_hash }).await.unwrap();
    }

    for _ in 0..20 {
        let stepping_down = [0, 1].map(|it| {
            let (store, name) = (Arc::clone(&stores[it]), names[it].clone());
            tokio::spawn(async move { store.set_role(&name, Role::Viewer).await })
        });
        let mut refused = 0;
        for outcome in stepping_down {
            match outcome.await.unwrap() {
                Ok(()) => {}
                Err(AccountStoreError::LastSuperuser) => refused += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(refused, 1);
        for name in &names {
            stores[0].set_role(name, Role::Superuser).await.unwrap();
        }
    }
}
