//! Counts that are exact whatever happens at the same time.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use xkcd_adapters_postgres::{PostgresAccountStore, PostgresStore, PostgresViewCounter, PostgresViewLedger};
use xkcd_domain::account::{PasswordHash, Role, Username};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError, NewAccount};
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::{
    Adjustment, LedgerOrder, LedgerPage, LedgerQuery, Removal, ViewLedger, ViewLedgerError,
};
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

use crate::database::Database;

const BATCHES: u64 = 60;
const COMICS: u32 = 40;

/// Each batch has two thirds of the comics, another choice each time.
pub(crate) fn batch(writer: u128, number: u64) -> ViewBatch {
    let comics = (1..=COMICS).filter(|comic| !(u64::from(*comic) + number).is_multiple_of(3));
    let views: BTreeMap<_, _> =
        comics.map(|comic| (ComicNumber::try_from(comic).unwrap(), 1 + comic % 3)).collect();
    ViewBatch::new(WriterId::from_random(writer), BatchNumber::try_from(number).unwrap(), views).unwrap()
}

/// Sends every batch twice, as a writer does that got no answer.
async fn count(store: PostgresStore, writer: u128) -> u64 {
    let views = PostgresViewCounter::new(store);
    let mut counted = 0;
    for number in 1..=BATCHES {
        let batch = batch(writer, number);
        assert!(views.apply(&batch).await.unwrap().added);
        assert!(!views.apply(&batch).await.unwrap().added);
        counted += batch.total();
    }
    counted
}

/// Corrects, adds and removes rows all the while; conflicts are fine.
async fn administrate(store: PostgresStore) {
    let ledger = PostgresViewLedger::new(store);
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
                rows.iter().take(2).map(|it| Removal { comic: it.comic, version: it.version }).collect();
            ledger.remove(&gone, &by).await
        } else {
            let half = |views: ViewCount| ViewCount::try_from(views.get() / 2).unwrap();
            let mut corrections: Vec<_> = rows
                .iter()
                .map(|it| Adjustment {
                    comic: it.comic,
                    seen: it.views,
                    wanted: half(it.views),
                    version: Some(it.version),
                })
                .collect();
            let new = 1_000 + u32::try_from(round).unwrap();
            let comic = ComicNumber::try_from(new).unwrap();
            corrections.push(Adjustment { comic, seen: 0.into(), wanted: 5.into(), version: None });
            ledger.adjust(&corrections, &by).await
        };
        assert!(matches!(outcome, Ok(()) | Err(ViewLedgerError::Conflict { .. })), "{outcome:?}");
    }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_and_two_admins_leave_exact_counts_and_no_deadlock() {
    let database = Database::new().await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(database.number(deadlocks).await, 0);
    // Four instances.
    let stores = [(); 4].map(|()| database.store());

    let writers: Vec<_> = (0..8).map(|it| tokio::spawn(count(stores[it % 4].clone(), it as u128))).collect();
    let admins: Vec<_> = stores[..2].iter().map(|it| tokio::spawn(administrate(it.clone()))).collect();
    let mut counted = 0;
    for writer in writers {
        counted += writer.await.unwrap();
    }
    for admin in admins {
        admin.await.unwrap();
    }

    let days = database.number("SELECT sum(views)::bigint FROM daily_views").await;
    let deltas = database.number("SELECT sum(delta)::bigint FROM view_history").await;
    assert_eq!(days.unsigned_abs(), counted);
    assert_eq!(database.number("SELECT sum(view_count)::bigint FROM comic_views").await, days + deltas);
    assert!(database.number("SELECT count(*) FROM view_history WHERE wanted IS NULL").await > 0);
    assert_eq!(stores.iter().map(PostgresStore::retries).sum::<u64>(), 0);
    // A session tells of a deadlock when it ends.
    drop(stores);
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    while database.number(sessions).await > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(database.number(deadlocks).await, 0);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_add_one_row_at_once_do_not_both_succeed() {
    let database = Database::new().await;
    let by: Username = "ada".parse().unwrap();
    let ledgers = [(); 2].map(|()| PostgresViewLedger::new(database.store()));
    for number in 1..=20_u32 {
        let comic = ComicNumber::try_from(number).unwrap();
        let add = |wanted: u32| [Adjustment { comic, seen: 0.into(), wanted: wanted.into(), version: None }];
        let (five, seven) = (add(5), add(7));

        let (one, other) = tokio::join!(ledgers[0].adjust(&five, &by), ledgers[1].adjust(&seven, &by));

        let succeeded = [one, other].iter().filter(|it| it.is_ok()).count();
        assert_eq!(succeeded, 1);
    }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_superusers_who_step_down_together_one_stays() {
    let database = Database::new().await;
    let stores = [(); 2].map(|()| PostgresAccountStore::new(database.store()));
    let names: [Username; 2] = ["ada", "grace"].map(|name| name.parse().unwrap());
    for username in names.clone() {
        let password_hash = PasswordHash::new("$argon2id$…");
        stores[0].create(&NewAccount { username, role: Role::Superuser, password_hash }).await.unwrap();
    }

    for _ in 0..20 {
        let (one, other) = tokio::join!(
            stores[0].set_role(&names[0], Role::Viewer),
            stores[1].set_role(&names[1], Role::Viewer)
        );

        let refused =
            [&one, &other].iter().filter(|it| matches!(it, Err(AccountStoreError::LastSuperuser))).count();
        assert_eq!(refused, 1, "{one:?} {other:?}");
        for name in &names {
            stores[0].set_role(name, Role::Superuser).await.unwrap();
        }
    }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_can_not_rise_stops_no_batch() {
    let database = Database::new().await;
    let store = database.store();
    let [one, two] = [1_u32, 2].map(|it| ComicNumber::try_from(it).unwrap());
    let highest = Adjustment { comic: one, seen: 0.into(), wanted: ViewCount::MAX, version: None };
    let ledger = PostgresViewLedger::new(store.clone());
    ledger.adjust(&[highest], &"ada".parse().unwrap()).await.unwrap();

    let views = BTreeMap::from([(one, 3), (two, 3)]);
    let batch = ViewBatch::new(WriterId::from_random(1), BatchNumber::FIRST, views).unwrap();
    let applied = PostgresViewCounter::new(store).apply(&batch).await.unwrap();

    assert_eq!(applied.totals, BTreeMap::from([(one, ViewCount::MAX), (two, 3.into())]));
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn views_belong_to_the_utc_day_of_their_commit_wherever_the_server_is() {
    let database = Database::new().await;
    // A zone where it is another day now: 14 hours ahead, or 12 behind.
    let zone = if OffsetDateTime::now_utc().hour() >= 11 { "Etc/GMT-14" } else { "Etc/GMT+12" };
    let name = &database.name;
    database.execute(&format!("ALTER DATABASE {name} SET timezone = '{zone}'")).await;
    let store = database.store();
    let counter = PostgresViewCounter::new(store.clone());
    counter.apply(&batch(1, 1)).await.unwrap();
    database.execute("UPDATE daily_views SET day = day - 1").await;
    let today = OffsetDateTime::now_utc().date();
    for writer in [1, 2] {
        counter.apply(&batch(writer, 2)).await.unwrap();
    }

    let yesterday = today.previous_day().unwrap();
    let days = PostgresViewLedger::new(store).days(yesterday, today).await.unwrap();

    assert_eq!(days, [(yesterday, batch(1, 1).total()), (today, 2 * batch(1, 2).total())]);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn writers_are_remembered_for_400_days() {
    let database = Database::new().await;
    let counter = PostgresViewCounter::new(database.store());
    for writer in [1, 2] {
        counter.apply(&batch(writer, 1)).await.unwrap();
    }
    let old = |writer: u128, days: u32| {
        let writer = WriterId::from_random(writer);
        format!(
            "UPDATE view_writers SET updated_at = now() - interval '{days} days' WHERE writer = '{writer}'"
        )
    };
    database.execute(&old(1, 401)).await;
    database.execute(&old(2, 399)).await;

    counter.apply(&batch(3, 1)).await.unwrap();

    let forgotten = async {
        while database.number("SELECT count(*) FROM view_writers").await != 2 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), forgotten).await.unwrap();
    assert!(!counter.apply(&batch(2, 1)).await.unwrap().added, "its batch is known still");
}
