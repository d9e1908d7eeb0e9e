//! The contract of a [`ComicArchive`]. The subject is an archive of the check's own that holds nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use time::OffsetDateTime;
use time::macros::{date, datetime};

use super::keys::Keys;
use super::waiting::{eventually, pause};
use super::{Outcome, Violation, demand, demand_equal};
use crate::comic::{Comic, ComicNumber};
use crate::ports::comic_archive::{ArchivedComic, ComicArchive};

type Archive = Arc<dyn ComicArchive>;

crate::__contract_clauses! { comic_archive, __contract_table, Archive, }

/// Long ago by any store's clock.
const FETCHED_AT: OffsetDateTime = datetime!(2006-11-25 12:34:56 UTC);
/// No store's clock is that wrong.
const FUTURE: OffsetDateTime = datetime!(9000-01-01 00:00:00 UTC);
const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_mins(1);

fn a_comic(number: ComicNumber, title: &str) -> ArchivedComic {
    let comic = Comic {
        number,
        title: title.into(),
        caption: None,
        transcript: None,
        image: None,
        link: None,
        interactive: false,
        published: None,
    };
    ArchivedComic { comic, fetched_at: FETCHED_AT }
}

async fn find(archive: &Archive, number: ComicNumber) -> Result<Option<ArchivedComic>, Violation> {
    Ok(archive.load(None).await?.comics.into_iter().find(|it| it.comic.number == number))
}

async fn a_comic_comes_back_as_it_was_saved(archive: Archive, mut keys: Keys) -> Outcome {
    let [bare, first, last, full] = keys.comics();
    let bare = a_comic(bare, "x");
    let [first, last] =
        [(first, date!(0001 - 01 - 01)), (last, date!(9999 - 12 - 31))].map(|(number, day)| {
            let ArchivedComic { comic, fetched_at } = a_comic(number, "Of another time");
            ArchivedComic { comic: Comic { published: Some(day), ..comic }, fetched_at }
        });
    let full = ArchivedComic {
        comic: Comic {
            number: full,
            title: "D&D \u{202e}<b>Clich\u{e9}d</b> 'quotes' \"and\" \\ \u{1f980}".into(),
            caption: Some("<noun>; DROP TABLE comics -- %_\n\tÃ©".into()),
            transcript: Some("[[A long one.]]\n".repeat(1_000)),
            image: Some("https://imgs.xkcd.com/comics/a_(1)%3F.png".parse()?),
            link: Some("http://example.org/a?b=c#d".parse()?),
            interactive: true,
            published: Some(date!(2006 - 01 - 01)),
        },
        fetched_at: datetime!(2006-01-01 00:00:01 UTC),
    };
    archive.save(&[bare.clone(), first.clone(), last.clone(), full.clone()]).await?;
    demand_equal("a comic with every field", &find(&archive, full.comic.number).await?, &Some(full))?;
    demand_equal("the earliest day", &find(&archive, first.comic.number).await?, &Some(first))?;
    demand_equal("the latest day", &find(&archive, last.comic.number).await?, &Some(last))?;
    demand_equal("a comic with few fields", &find(&archive, bare.comic.number).await?, &Some(bare))
}

async fn comics_are_loaded_in_ascending_order_each_once(archive: Archive, mut keys: Keys) -> Outcome {
    let numbers = keys.comics::<5>();
    for index in [3, 0, 4, 1, 2, 3] {
        archive.save(&[a_comic(numbers[index], "x")]).await?;
    }
    let loaded = archive.load(None).await?.comics;
    let loaded: Vec<_> = loaded.iter().map(|it| it.comic.number).collect();
    demand_equal("the numbers loaded", &loaded, &numbers.to_vec())
}

async fn what_was_saved_since_is_loaded(archive: Archive, mut keys: Keys) -> Outcome {
    let [a, b] = keys.comics();
    archive.save(&[a_comic(a, "first"), a_comic(b, "x")]).await?;
    let before = archive.load(None).await?;
    archive.save(&[a_comic(a, "second")]).await?;
    let since = archive.load(Some(before.as_of)).await?;
    let titles: Vec<_> =
        since.comics.iter().filter(|it| it.comic.number == a).map(|it| it.comic.title.as_str()).collect();
    demand_equal("the comic saved since", &titles, &vec!["second"])
}

async fn a_comic_saved_while_loading_is_not_missed(archive: Archive, mut keys: Keys) -> Outcome {
    let numbers = keys.comics::<30>();
    let save = async {
        for number in numbers {
            archive.save(&[a_comic(number, "x")]).await?;
        }
        Ok::<_, Violation>(())
    };
    let load = async {
        let (mut seen, mut since) = (BTreeSet::new(), None);
        for _ in 0..30 {
            let changes = archive.load(since).await?;
            seen.extend(changes.comics.into_iter().map(|it| it.comic.number));
            since = Some(changes.as_of);
        }
        Ok::<_, Violation>((seen, since))
    };
    let (saved, loaded) = join(save, load).await;
    saved?;
    let (mut seen, since) = loaded?;
    seen.extend(archive.load(since).await?.comics.into_iter().map(|it| it.comic.number));
    demand_equal("the comics seen by loads one after the other", &seen, &BTreeSet::from(numbers))
}

async fn what_is_saved_together_is_seen_together(archive: Archive, mut keys: Keys) -> Outcome {
    for _ in 0..4 {
        let numbers = keys.comics::<50>();
        let comics = numbers.map(|number| a_comic(number, "x"));
        let looks = join_all((0..4).map(|_| archive.load(None)));
        let (saved, looks) = join(archive.save(&comics), looks).await;
        saved?;
        for seen in looks {
            let seen = seen?.comics.iter().filter(|it| numbers.contains(&it.comic.number)).count();
            demand([0, 50].contains(&seen), "comics saved together are all seen or none is")?;
        }
    }
    Ok(())
}

async fn a_comic_fetched_later_replaces(archive: Archive, mut keys: Keys) -> Outcome {
    let number = keys.comic();
    let first = a_comic(number, "first");
    let mut later = a_comic(number, "later");
    later.fetched_at += SHORT;
    archive.save(&[first]).await?;
    archive.save(std::slice::from_ref(&later)).await?;
    demand_equal("the comic after a later one was saved", &find(&archive, number).await?, &Some(later))
}

async fn a_comic_fetched_earlier_does_not_replace(archive: Archive, mut keys: Keys) -> Outcome {
    let number = keys.comic();
    let kept = a_comic(number, "kept");
    let mut earlier = a_comic(number, "earlier");
    earlier.fetched_at -= SHORT;
    archive.save(std::slice::from_ref(&kept)).await?;
    archive.save(&[earlier]).await?;
    demand_equal("the comic after an earlier one was saved", &find(&archive, number).await?, &Some(kept))
}

async fn a_comic_from_the_future_is_replaced(archive: Archive, mut keys: Keys) -> Outcome {
    let number = keys.comic();
    let mut future = a_comic(number, "by a wrong clock");
    future.fetched_at = FUTURE;
    let fresh = a_comic(number, "fresh");
    archive.save(&[future]).await?;
    archive.save(std::slice::from_ref(&fresh)).await?;
    demand_equal("the comic after a wrong clock was put right", &find(&archive, number).await?, &Some(fresh))
}

async fn saving_nothing_is_fine(archive: Archive, _: Keys) -> Outcome {
    archive.save(&[]).await?;
    demand_equal("how many comics there are", &archive.load(None).await?.comics.len(), &0)
}

async fn savers_of_the_same_comics_never_deadlock(archive: Archive, mut keys: Keys) -> Outcome {
    let ascending = keys.comics::<100>().map(|number| a_comic(number, "x"));
    let mut descending = ascending.clone();
    descending.reverse();
    for _ in 0..3 {
        let savers = [&ascending, &descending, &ascending, &descending];
        let saved = join_all(savers.map(|comics| archive.save(comics))).await;
        saved.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    demand_equal("how many comics there are", &archive.load(None).await?.comics.len(), &100)
}

async fn one_holder_has_the_fill_at_a_time(archive: Archive, _: Keys) -> Outcome {
    demand(archive.claim_fill("a", LONG).await?, "the first one has the task")?;
    demand(!archive.claim_fill("b", LONG).await?, "a second one has not")?;
    demand(archive.claim_fill("a", LONG).await?, "the first one has it still")
}

async fn of_many_who_claim_at_once_one_has_the_fill(archive: Archive, _: Keys) -> Outcome {
    let holders = ["a", "b", "c", "d", "e", "f"];
    let claims = join_all(holders.map(|holder| archive.claim_fill(holder, LONG))).await;
    let claims = claims.into_iter().collect::<Result<Vec<_>, _>>()?;
    demand_equal("how many have the task", &claims.into_iter().filter(|it| *it).count(), &1)
}

async fn the_holder_renews_the_claim(archive: Archive, _: Keys) -> Outcome {
    demand(archive.claim_fill("a", SHORT).await?, "a free task can be claimed")?;
    demand(archive.claim_fill("a", LONG).await?, "its holder may renew the claim")?;
    pause(SHORT + Duration::from_millis(300)).await;
    demand(!archive.claim_fill("b", LONG).await?, "a renewed claim lasts longer than the first period")
}

async fn a_claim_runs_out(archive: Archive, _: Keys) -> Outcome {
    demand(archive.claim_fill("a", SHORT).await?, "a free task can be claimed")?;
    eventually("the claim had run out", || async { Ok(archive.claim_fill("b", LONG).await?) }).await
}

async fn a_claim_is_given_back_by_its_holder_alone(archive: Archive, _: Keys) -> Outcome {
    demand(archive.claim_fill("a", LONG).await?, "a free task can be claimed")?;
    demand(!archive.claim_fill("b", Duration::ZERO).await?, "who has not the task can't give it back")?;
    demand(!archive.claim_fill("c", LONG).await?, "the task is its holder's still")?;
    archive.claim_fill("a", Duration::ZERO).await?;
    demand(archive.claim_fill("c", LONG).await?, "a task given back is free")
}
