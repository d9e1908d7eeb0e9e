//! The contract of a [`ViewCounter`]. The subject is the counter; others may use it at the same time. What
//! needs a look at the days or a removed row is in the suite of the
//! [`ViewLedger`](crate::ports::view_ledger::ViewLedger).

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{join, join_all};

use super::keys::Keys;
use super::waiting::begin_and_leave;
use super::{Outcome, Violation, demand, demand_equal};
use crate::comic::ComicNumber;
use crate::ports::view_counter::{AppliedBatch, ViewCounter};
use crate::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

type Counter = Arc<dyn ViewCounter>;

crate::__contract_clauses! { view_counter, __contract_table, Counter, }

/// More than any number of comics that a store holds.
const ALL: u32 = 1_000_000;

pub(super) fn batch(
    writer: WriterId,
    number: u64,
    views: impl IntoIterator<Item = (ComicNumber, u32)>,
) -> Result<ViewBatch, Violation> {
    Ok(ViewBatch::new(writer, BatchNumber::try_from(number)?, views.into_iter().collect())?)
}

/// The counts of comics as an answer gives them.
pub(super) fn counts<const N: usize>(
    counts: [(ComicNumber, u64); N],
) -> Result<BTreeMap<ComicNumber, ViewCount>, Violation> {
    counts.into_iter().map(|(comic, count)| Ok((comic, ViewCount::try_from(count)?))).collect()
}

pub(super) fn demand_applied<const N: usize>(
    applied: &AppliedBatch,
    added: bool,
    totals: [(ComicNumber, u64); N],
) -> Outcome {
    demand_equal("whether the views were added", &applied.added, &added)?;
    demand_equal("the totals of the batch", &applied.totals, &counts(totals)?)
}

async fn demand_totals<const N: usize>(counter: &Counter, totals: [(ComicNumber, u64); N]) -> Outcome {
    let found = counter.totals(&totals.map(|(comic, _)| comic)).await?;
    demand_equal("the totals", &found, &counts(totals)?)
}

async fn a_batch_adds_its_views(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a, b], writer) = (keys.comics(), keys.writer());
    let applied = counter.apply(&batch(writer, 1, [(a, 1), (b, 3)])?).await?;
    demand_applied(&applied, true, [(a, 1), (b, 3)])?;
    let applied = counter.apply(&batch(writer, 2, [(a, 2), (b, 1)])?).await?;
    demand_applied(&applied, true, [(a, 3), (b, 4)])?;
    demand_totals(&counter, [(a, 3), (b, 4)]).await
}

async fn totals_have_every_comic_of_the_batch_and_no_other(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a, b, c], writer) = (keys.comics(), keys.writer());
    counter.apply(&batch(writer, 1, [(a, 1), (b, 1)])?).await?;
    let applied = counter.apply(&batch(writer, 2, [(b, 1), (c, 1)])?).await?;
    demand_equal("the totals of the batch", &applied.totals, &counts([(b, 2), (c, 1)])?)
}

async fn a_batch_applied_again_changes_nothing(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a, b], writer) = (keys.comics(), keys.writer());
    let sent = batch(writer, 1, [(a, 1), (b, 2)])?;
    demand(counter.apply(&sent).await?.added, "a first batch is added")?;
    counter.apply(&batch(keys.writer(), 1, [(a, 10)])?).await?;
    let again = counter.apply(&sent).await?;
    demand_applied(&again, false, [(a, 11), (b, 2)])?;
    demand_totals(&counter, [(a, 11), (b, 2)]).await
}

async fn a_lower_number_changes_nothing(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a, b], writer) = (keys.comics(), keys.writer());
    counter.apply(&batch(writer, 5, [(a, 1)])?).await?;
    let late = counter.apply(&batch(writer, 3, [(a, 4), (b, 4)])?).await?;
    demand_applied(&late, false, [(a, 1), (b, 0)])?;
    demand_totals(&counter, [(a, 1)]).await
}

async fn numbers_may_be_left_out(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a], writer) = (keys.comics(), keys.writer());
    counter.apply(&batch(writer, 2, [(a, 1)])?).await?;
    let applied = counter.apply(&batch(writer, 9, [(a, 1)])?).await?;
    demand_applied(&applied, true, [(a, 2)])
}

async fn numbers_go_up_to_the_largest(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a], writer) = (keys.comics(), keys.writer());
    let largest = ViewCount::MAX.get();
    demand(counter.apply(&batch(writer, largest - 1, [(a, 1)])?).await?.added, "it is added")?;
    demand(counter.apply(&batch(writer, largest, [(a, 1)])?).await?.added, "the last one is added")?;
    let again = counter.apply(&batch(writer, largest, [(a, 1)])?).await?;
    demand_applied(&again, false, [(a, 2)])
}

async fn writers_have_numbers_of_their_own(counter: Counter, mut keys: Keys) -> Outcome {
    let [a] = keys.comics();
    counter.apply(&batch(keys.writer(), 7, [(a, 1)])?).await?;
    let applied = counter.apply(&batch(keys.writer(), 1, [(a, 1)])?).await?;
    demand_applied(&applied, true, [(a, 2)])
}

async fn one_batch_sent_many_times_at_once_counts_once(counter: Counter, mut keys: Keys) -> Outcome {
    let [a, b] = keys.comics();
    let sent = batch(keys.writer(), 1, [(a, 1), (b, 2)])?;
    let answers = join_all((0..6).map(|_| counter.apply(&sent))).await;
    let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let added = answers.iter().filter(|answer| answer.added).count();
    demand_equal("how often one batch was added", &added, &1)?;
    for answer in &answers {
        demand_equal("the totals of each answer", &answer.totals, &counts([(a, 1), (b, 2)])?)?;
    }
    demand_totals(&counter, [(a, 1), (b, 2)]).await
}

async fn a_call_that_is_dropped_counts_wholly_or_not(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a, b, c], writer) = (keys.comics(), keys.writer());
    for number in 1..=5 {
        let sent = batch(writer, number, [(a, 1), (b, 1), (c, 1)])?;
        begin_and_leave(counter.apply(&sent)).await;
        let applied = counter.apply(&sent).await?;
        demand_equal(
            "the totals of a batch that is sent again after its call was dropped",
            &applied.totals,
            &counts([(a, number), (b, number), (c, number)])?,
        )?;
    }
    Ok(())
}

async fn a_batch_is_seen_wholly_or_not(counter: Counter, mut keys: Keys) -> Outcome {
    let (comics, writer) = (keys.comics::<20>(), keys.writer());
    for number in 1..=5 {
        let sent = batch(writer, number, comics.map(|comic| (comic, 1)))?;
        let looks = join_all((0..4).map(|_| counter.totals(&comics)));
        let (applied, looks) = join(counter.apply(&sent), looks).await;
        applied?;
        for seen in looks {
            let mut seen: Vec<_> = {
                let seen = seen?;
                comics.iter().map(|comic| seen.get(comic).copied().unwrap_or_default()).collect()
            };
            seen.dedup();
            demand_equal("different counts of comics that are always viewed together", &seen.len(), &1)?;
        }
    }
    Ok(())
}

/// Each writer sends batches of its own comics and of comics that all share, with neighbours in common.
async fn writers_at_the_same_time_lose_nothing(counter: Counter, mut keys: Keys) -> Outcome {
    const WRITERS: usize = 8;
    const BATCHES: u64 = 5;
    let comics = keys.comics::<40>();
    let shares: Vec<_> = (0..WRITERS)
        .map(|index| (keys.writer(), comics[index * 4..].iter().take(16).copied().collect::<Vec<_>>()))
        .collect();
    let work = shares.iter().map(|(writer, share)| async {
        for number in 1..=BATCHES {
            counter.apply(&batch(*writer, number, share.iter().map(|comic| (*comic, 1)))?).await?;
        }
        Ok::<_, Violation>(())
    });
    join_all(work).await.into_iter().collect::<Outcome>()?;
    let mut wanted = BTreeMap::new();
    for comic in shares.iter().flat_map(|(_, share)| share) {
        *wanted.entry(*comic).or_insert(0) += BATCHES;
    }
    let found = counter.totals(&comics).await?;
    let found: BTreeMap<_, _> = found.into_iter().map(|(comic, count)| (comic, count.get())).collect();
    demand_equal("the totals after all writers are done", &found, &wanted)
}

async fn as_many_comics_as_a_batch_holds_are_counted(counter: Counter, mut keys: Keys) -> Outcome {
    let comics = keys.many_comics(ViewBatch::MAX_COMICS);
    let writer = keys.writer();
    for number in 1..=2_u32 {
        let sent = batch(writer, number.into(), comics.iter().map(|comic| (*comic, 1)))?;
        let wanted: BTreeMap<_, _> = comics.iter().map(|comic| (*comic, ViewCount::from(number))).collect();
        demand_equal("the totals of a full batch", &counter.apply(&sent).await?.totals, &wanted)?;
        demand_equal("the totals of as many comics", &counter.totals(&comics).await?, &wanted)?;
    }
    Ok(())
}

async fn counts_beyond_32_bits_are_exact(counter: Counter, mut keys: Keys) -> Outcome {
    let ([a], writer) = (keys.comics(), keys.writer());
    let sum = u64::from(u32::MAX);
    for number in 1..=3 {
        let applied = counter.apply(&batch(writer, number, [(a, u32::MAX)])?).await?;
        demand_applied(&applied, true, [(a, number * sum)])?;
    }
    demand_totals(&counter, [(a, 3 * sum)]).await
}

async fn comics_that_were_never_viewed_have_no_total(counter: Counter, mut keys: Keys) -> Outcome {
    let [viewed, never] = keys.comics();
    counter.apply(&batch(keys.writer(), 1, [(viewed, 1)])?).await?;
    demand_equal("the totals", &counter.totals(&[never, viewed]).await?, &counts([(viewed, 1)])?)?;
    demand_equal("the totals of nothing", &counter.totals(&[]).await?, &BTreeMap::new())
}

async fn the_most_viewed_come_first(counter: Counter, mut keys: Keys) -> Outcome {
    let [a, b, c] = keys.comics();
    counter.apply(&batch(keys.writer(), 1, [(a, 20), (b, 30), (c, 10)])?).await?;
    let all = counter.most_viewed(ALL).await?;
    demand(all.is_sorted_by(|(_, more), (_, less)| more >= less), "those with more views come first")?;
    let ours: Vec<_> = all.into_iter().filter(|(comic, _)| [a, b, c].contains(comic)).collect();
    demand_equal("our comics", &ours, &vec![(b, 30.into()), (a, 20.into()), (c, 10.into())])
}

async fn comics_of_equal_views_come_by_number(counter: Counter, mut keys: Keys) -> Outcome {
    let comics = keys.comics::<8>();
    // Many an index gives rows in the order in which they came, so they come in none.
    for index in [3, 0, 7, 5, 1, 6, 2, 4] {
        counter.apply(&batch(keys.writer(), 1, [(comics[index], 77)])?).await?;
    }
    let all = counter.most_viewed(ALL).await?;
    let ours: Vec<_> = all.iter().map(|(comic, _)| *comic).filter(|it| comics.contains(it)).collect();
    demand_equal("comics of equal views", &ours, &comics.to_vec())
}

async fn most_viewed_gives_no_more_than_the_limit(counter: Counter, mut keys: Keys) -> Outcome {
    let [a, b, c] = keys.comics();
    counter.apply(&batch(keys.writer(), 1, [(a, 1), (b, 1), (c, 1)])?).await?;
    for limit in [0, 1, 2] {
        let found = counter.most_viewed(limit).await?.len();
        demand_equal("how many most viewed there are", &found, &(limit as usize))?;
    }
    Ok(())
}
