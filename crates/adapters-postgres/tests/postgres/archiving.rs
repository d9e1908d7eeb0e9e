//! What the server's clock decides: instead of waiting, these tests change what is stored.

use std::time::Duration;

use time::OffsetDateTime;
use xkcd_adapters_postgres::PostgresComicArchive;
use xkcd_domain::comic::{Comic, ComicNumber};
use xkcd_domain::ports::comic_archive::{ArchivedComic, ComicArchive};

use crate::database::Database;

fn saved(number: u32) -> ArchivedComic {
    let comic = Comic {
        number: ComicNumber::try_from(number).unwrap(),
        title: "A comic".to_owned(),
        caption: None,
        transcript: None,
        image: None,
        link: None,
        interactive: false,
        published: None,
    };
    ArchivedComic { comic, fetched_at: OffsetDateTime::UNIX_EPOCH }
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_saved_is_missed_when_the_clock_is_set_back() {
    let database = Database::new().await;
    let archive = PostgresComicArchive::new(database.store());
    archive.save(&[saved(1)]).await.unwrap();
    database.execute("UPDATE comics SET saved_at = saved_at + interval '1 day'").await;
    database.execute("UPDATE last_save SET saved_at = saved_at + interval '1 day'").await;
    let seen = archive.load(None).await.unwrap();

    archive.save(&[saved(2)]).await.unwrap();

    let news = archive.load(Some(seen.as_of)).await.unwrap();
    assert_eq!(news.comics, [saved(2)]);
    assert!(archive.load(Some(news.as_of)).await.unwrap().comics.is_empty());
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_comic_whose_save_was_committed_late_is_not_missed() {
    let database = Database::new().await;
    let archive = PostgresComicArchive::new(database.store());
    // A save that has begun and holds its lock.
    let slow = database.session().await;
    slow.batch_execute("BEGIN; UPDATE last_save SET saved_at = clock_timestamp()").await.unwrap();
    let other = PostgresComicArchive::new(database.store());
    let waiting = tokio::spawn(async move { other.save(&[saved(2)]).await });
    let seen = archive.load(None).await.unwrap();

    slow.batch_execute(
        "INSERT INTO comics (comic_number, title, interactive, fetched_at, saved_at)
         SELECT 1, 'A comic', false, to_timestamp(0), saved_at FROM last_save; COMMIT",
    )
    .await
    .unwrap();
    waiting.await.unwrap().unwrap();

    assert_eq!(archive.load(Some(seen.as_of)).await.unwrap().comics, [saved(1), saved(2)]);
}

#[ignore = "needs PostgreSQL: scripts/test"]
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_free_when_it_ran_out() {
    let database = Database::new().await;
    let archive = PostgresComicArchive::new(database.store());
    assert!(archive.claim_fill("one", Duration::from_mins(1)).await.unwrap());

    database.execute("UPDATE fill_lease SET expires_at = expires_at - interval '50 seconds'").await;
    assert!(!archive.claim_fill("two", Duration::from_mins(1)).await.unwrap());

    database.execute("UPDATE fill_lease SET expires_at = expires_at - interval '10 seconds'").await;
    assert!(archive.claim_fill("two", Duration::MAX).await.unwrap());
    assert!(!archive.claim_fill("one", Duration::from_mins(1)).await.unwrap());
}
