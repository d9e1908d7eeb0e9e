//! What may happen to a connection, and that no view is lost or counted twice.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use xkcd_adapters_postgres::{
    PostgresConfig, PostgresStore, PostgresStoreError, PostgresViewCounter, PostgresViewLedger,
};
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::{Adjustment, ViewLedger};
use xkcd_domain::views::ViewCount;

use crate::counting::batch;
use crate::database::{Database, start, text};
use crate::proxy::Proxy;

/// The limits of the running app.
fn as_in_service(config: PostgresConfig) -> PostgresConfig {
    PostgresConfig { limits: xkcd_adapters_postgres::PostgresLimits::default(), ..config }
}

/// What batches 1 to `last` of a writer add up to, and what the database holds.
async fn assert_exact(database: &Database, writers: u128, last: u64) {
    let sent: u64 =
        (1..=last).map(|number| batch(1, number).total()).sum::<u64>() * u64::try_from(writers).unwrap();
    for sum in
        ["SELECT sum(view_count)::bigint FROM comic_views", "SELECT sum(views)::bigint FROM daily_views"]
    {
        assert_eq!(database.number(sum).await.unsigned_abs(), sent, "{sum}");
    }
}

/// Sends a batch until it is answered, as a writer does.
async fn insist(counter: &PostgresViewCounter, writer: u128, number: u64) {
    let batch = batch(writer, number);
    while counter.apply(&batch).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_answer_was_lost_counts_once() {
    let database = Database::new().await;
    let proxy = Proxy::before(&database.config()).await;
    let mut config = proxy.config(database.config());
    // Its statement is prepared: the answer that is cut is that to the batch.
    config.limits.connections = 1;
    let store = start(config);
    let counter = PostgresViewCounter::new(store.clone());
    counter.apply(&batch(1, 1)).await.unwrap();

    // The first cuts may meet what the store does on its own after its start.
    let (mut number, mut committed_before) = (1, 0);
    while committed_before < 5 {
        number += 1;
        proxy.cut_next_answer();
        let applied = counter.apply(&batch(1, number)).await.unwrap();
        committed_before += u64::from(!applied.added);
        assert!(number < 50, "no answer to a batch was lost");
    }

    assert!(store.retries() >= committed_before);
    assert_exact(&database, 1, number).await;
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_terminated_all_the_time_lose_nothing() {
    let database = Database::new().await;
    let config = as_in_service(database.config());
    let stores = [(); 2].map(|()| start(config.clone()));
    let killer = database.session().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let writers: Vec<_> = (0..4_u128)
        .map(|writer| {
            let counter = PostgresViewCounter::new(stores[usize::try_from(writer).unwrap() % 2].clone());
            tokio::spawn(async move {
                for number in 1..=300 {
                    insist(&counter, writer, number).await;
                }
            })
        })
        .collect();

    let mut terminated = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        terminated += killer.query(kill, &[]).await.unwrap().len();
    }
    for writer in writers {
        writer.await.unwrap();
    }

    assert!(terminated > 0);
    assert_exact(&database, 4, 300).await;
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_that_were_cut_are_replaced_within_one_call() {
    let database = Database::new().await;
    let store = database.store();
    join_all((0..8).map(|_| store.check())).await;
    assert!(store.pool_status().size > 1);

    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;

    store.check().await.unwrap();
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_answers_costs_no_more_than_the_time_limit() {
    let database = Database::new().await;
    let config = as_in_service(database.config());
    let proxy = Proxy::before(&config).await;
    let limit = config.limits.answer_within + Duration::from_millis(300);
    let store = start(proxy.config(config));
    let counter = PostgresViewCounter::new(store.clone());
    // Several connections, all of them good.
    join_all((0..8).map(|_| store.check())).await;
    counter.apply(&batch(1, 1)).await.unwrap();

    proxy.swallow_answers();
    for _ in 0..2 {
        let began = Instant::now();
        counter.apply(&batch(1, 2)).await.unwrap_err();
        assert!(began.elapsed() < limit, "{:?}", began.elapsed());
    }
    assert!(store.is_down());
    proxy.answer_new_connections();

    // Connections from before are not tried one after the other: each would cost the limit.
    counter.apply(&batch(1, 2)).await.unwrap();
    // What the store tried on its own before may still fail.
    let since = Instant::now();
    while store.is_down() {
        assert!(since.elapsed() < Duration::from_secs(3));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_exact(&database, 1, 2).await;
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_costs_no_more_than_the_time_limit_and_no_connection() {
    let database = Database::new().await;
    let mut config = as_in_service(database.config());
    // Otherwise what the store does on its own after its start may open another one meanwhile.
    config.limits.connections = 1;
    let limit = config.limits.answer_within;
    let store = start(config);
    let counter = PostgresViewCounter::new(store.clone());
    counter.apply(&batch(1, 1)).await.unwrap();
    let lock = database.session().await;
    lock.batch_execute("BEGIN; LOCK TABLE comic_views").await.unwrap();

    let began = Instant::now();
    let error = counter.apply(&batch(1, 2)).await.unwrap_err();
    assert!(began.elapsed() < limit, "{:?}", began.elapsed());
    assert!(text(&error).contains("lock timeout"), "{}", text(&error));
    assert_eq!(store.pool_status().size, 1);

    lock.batch_execute("ROLLBACK").await.unwrap();
    assert!(counter.apply(&batch(1, 2)).await.unwrap().added);
    assert_exact(&database, 1, 2).await;
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_became_read_only_are_replaced_within_one_call() {
    let database = Database::new().await;
    let store = database.store();
    let counter = PostgresViewCounter::new(store.clone());
    join_all((0..4).map(|_| store.check())).await;
    counter.apply(&batch(1, 1)).await.unwrap();
    // Such sessions can be had from a whole server alone; to the store these are no different.
    database
        .execute(
            "CREATE TABLE demoted AS SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'xkcdapp';
             CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF pg_backend_pid() IN (SELECT pid FROM demoted) THEN
                     RAISE 'cannot execute INSERT in a read-only transaction'
                     USING ERRCODE = 'read_only_sql_transaction';
                 END IF;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON view_writers EXECUTE FUNCTION refuse();",
        )
        .await;

    assert!(counter.apply(&batch(1, 2)).await.unwrap().added);

    assert_eq!(store.retries(), 1);
    assert_exact(&database, 1, 2).await;
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_tried_again_within_one_call() {
    let database = Database::new().await;
    let store = database.store();
    let counter = PostgresViewCounter::new(store.clone());
    counter.apply(&batch(1, 1)).await.unwrap();
    // A sequence keeps what it gave when the rest is rolled back: every other attempt is refused.
    database
        .execute(
            "CREATE SEQUENCE attempts;
             CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('attempts') % 2 = 1 THEN
                     RAISE 'deadlock detected' USING ERRCODE = 'deadlock_detected';
                 END IF;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER deadlock BEFORE INSERT ON view_writers EXECUTE FUNCTION deadlock();
             CREATE TRIGGER deadlock BEFORE INSERT ON view_history EXECUTE FUNCTION deadlock();",
        )
        .await;

    assert!(counter.apply(&batch(1, 2)).await.unwrap().added);
    assert_eq!(store.retries(), 1);
    assert_exact(&database, 1, 2).await;

    let ledger = PostgresViewLedger::new(store.clone());
    let comic = 2_000_u32.try_into().unwrap();
    let addition = Adjustment { comic, seen: ViewCount::default(), wanted: 7.into(), version: None };
    ledger.adjust(&[addition], &"ada".parse().unwrap()).await.unwrap();
    assert_eq!(store.retries(), 2);
    assert_eq!(database.number("SELECT sum(delta)::bigint FROM view_history").await, 7);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_writes_is_waited_out() {
    let database = Database::new().await;
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only", database.name);
    database.execute(&format!("{read_only} = on")).await;
    let store = database.store();
    let counter = PostgresViewCounter::new(store.clone());

    let error = counter.apply(&batch(1, 1)).await.unwrap_err();
    assert!(text(&error).contains("does not allow writes: name the primary"), "{}", text(&error));

    database.execute(&format!("BEGIN READ WRITE; {read_only} = off; COMMIT")).await;
    assert!(counter.apply(&batch(1, 1)).await.unwrap().added);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_limit_of_zero_is_waited_out() {
    let database = Database::new().await;
    let user = database.user().await;
    let name = &user.name;
    database.execute(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")).await;
    database.execute(&format!("GRANT USAGE ON SEQUENCE row_versions TO {name}")).await;
    database.execute(&format!("ALTER ROLE {name} CONNECTION LIMIT 0")).await;
    let password = xkcd_domain::secret::SecretValue::new(user.password.to_owned());
    let store = start(PostgresConfig { user: user.name.clone(), password, ..database.config() });
    let counter = PostgresViewCounter::new(store.clone());

    let error = counter.apply(&batch(1, 1)).await.unwrap_err();
    assert!(text(&error).contains("takes no more connections"), "{}", text(&error));

    database.execute(&format!("ALTER ROLE {name} CONNECTION LIMIT 10")).await;
    assert!(counter.apply(&batch(1, 1)).await.unwrap().added);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_may_wait_are_refused() {
    let database = Database::new().await;
    let mut config = as_in_service(database.config());
    config.limits.connections = 1;
    config.limits.queue = 2;
    let store = start(config);
    store.check().await.unwrap();
    let lock = database.session().await;
    lock.batch_execute("BEGIN; LOCK TABLE schema_compatibility").await.unwrap();

    let outcomes = join_all((0..10).map(|_| store.check())).await;

    let busy = outcomes.iter().filter(|it| matches!(it, Err(PostgresStoreError::Busy))).count();
    assert!(busy >= 7, "{outcomes:?}");
    assert!(outcomes.iter().all(Result::is_err));
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[test]
fn callers_on_other_runtimes_are_answered_also_after_those_have_ended() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (database, store) = runtime.block_on(async {
        let database = Database::new().await;
        let store: PostgresStore = database.store();
        (database, store)
    });
    for number in 1..=3 {
        // As actix makes them: a thread, a runtime.
        let counter = PostgresViewCounter::new(store.clone());
        let worker = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(counter.apply(&batch(1, number))).unwrap()
        });
        assert!(worker.join().unwrap().added);
    }
    runtime.block_on(assert_exact(&database, 1, 3));
}
