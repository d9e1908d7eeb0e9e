//! How rows are removed, and what becomes of their comics.

use std::collections::BTreeSet;

use super::{
    Keys, LedgerSubject, Outcome, addition, adjustment, batch, demand, demand_applied, demand_conflict,
    demand_equal, removal,
};

pub(super) async fn a_removed_row_is_gone(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let ([removed, kept], by) = (keys.comics(), keys.username("a"));
    subject.count(&mut keys, [(removed, 3), (kept, 4)]).await?;
    let seen = subject.seen(removed).await?;
    subject.count(&mut keys, [(removed, 2)]).await?;
    subject.ledger.remove(&[removal(&seen)], &by).await?;
    demand_equal("the removed row", &subject.row(removed).await?, &None)?;
    subject.demand_views(kept, 4).await?;
    let totals = subject.counter.totals(&[removed]).await?;
    demand(totals.is_empty(), "a removed comic has no total")?;
    let again = subject.ledger.remove(&[removal(&seen)], &by).await;
    demand_conflict(again, removed, None)
}

pub(super) async fn removals_are_made_together_or_not(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let ([a, b], by) = (keys.comics(), keys.username("a"));
    subject.count(&mut keys, [(a, 1), (b, 1)]).await?;
    let (seen_a, seen_b) = (subject.seen(a).await?, subject.seen(b).await?);
    subject.ledger.adjust(&[adjustment(&seen_b, 2)], &by).await?;
    let now_b = subject.seen(b).await?;
    let both = [removal(&seen_a), removal(&seen_b)];
    demand_conflict(subject.ledger.remove(&both, &by).await, b, Some(now_b))?;
    let twice = [removal(&seen_a), removal(&seen_a)];
    demand_conflict(subject.ledger.remove(&twice, &by).await, a, Some(seen_a))?;
    demand_equal("the row without a conflict", &subject.seen(a).await?, &seen_a)?;
    demand_equal("the entries of its history", &subject.history_of(a).await?.len(), &0)
}

pub(super) async fn views_after_a_removal_start_from_zero(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let (comic, writer) = (keys.comic(), keys.writer());
    subject.counter.apply(&batch(writer, 1, [(comic, 3)])?).await?;
    let seen = subject.seen(comic).await?;
    subject.ledger.remove(&[removal(&seen)], &keys.username("a")).await?;
    let applied = subject.counter.apply(&batch(writer, 2, [(comic, 2)])?).await?;
    demand_applied(&applied, true, [(comic, 2)])?;
    subject.demand_views(comic, 2).await
}

pub(super) async fn a_row_that_came_back_has_a_version_never_used(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let (comic, by) = (keys.comic(), keys.username("a"));
    let mut versions = BTreeSet::new();
    for round in 0..4 {
        if round % 2 == 0 {
            subject.count(&mut keys, [(comic, 3)]).await?;
        } else {
            subject.ledger.adjust(&[addition(comic, 3)], &by).await?;
        }
        let seen = subject.seen(comic).await?;
        demand(versions.insert(seen.version.0), "a row that came back has a version never used")?;
        subject.ledger.adjust(&[adjustment(&seen, 5)], &by).await?;
        let seen = subject.seen(comic).await?;
        demand(versions.insert(seen.version.0), "an adjusted row has a version never used")?;
        subject.ledger.remove(&[removal(&seen)], &by).await?;
    }
    Ok(())
}

pub(super) async fn a_removed_comic_counts_as_zero_in_a_repeated_batch(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let [removed, kept] = keys.comics();
    let sent = batch(keys.writer(), 1, [(removed, 3), (kept, 4)])?;
    subject.counter.apply(&sent).await?;
    let seen = subject.seen(removed).await?;
    subject.ledger.remove(&[removal(&seen)], &keys.username("a")).await?;
    let again = subject.counter.apply(&sent).await?;
    demand_applied(&again, false, [(removed, 0), (kept, 4)])?;
    demand_equal("the removed row", &subject.row(removed).await?, &None)
}
