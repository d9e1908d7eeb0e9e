//! How counts are corrected.

use futures_util::future::join_all;

use super::{
    Adjustment, Keys, LedgerSubject, Outcome, RowVersion, ViewLedgerError, addition, adjustment, demand,
    demand_conflict, demand_equal,
};
use crate::views::ViewCount;

pub(super) async fn views_do_not_change_a_version(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    subject.count(&mut keys, [(comic, 1)]).await?;
    let before = subject.seen(comic).await?;
    subject.count(&mut keys, [(comic, 1)]).await?;
    demand_equal("the version after a view", &subject.seen(comic).await?.version, &before.version)
}

pub(super) async fn an_adjustment_keeps_views_that_came_meanwhile(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let comic = keys.comic();
    subject.count(&mut keys, [(comic, 90)]).await?;
    let seen = subject.seen(comic).await?;
    subject.count(&mut keys, [(comic, 5)]).await?;
    subject.ledger.adjust(&[adjustment(&seen, 100)], &keys.username("a")).await?;
    subject.demand_views(comic, 105).await?;
    // And down again, past what was seen.
    let seen = subject.seen(comic).await?;
    subject.count(&mut keys, [(comic, 5)]).await?;
    subject.ledger.adjust(&[adjustment(&seen, 0)], &keys.username("a")).await?;
    subject.demand_views(comic, 5).await
}

pub(super) async fn an_adjustment_changes_the_version(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let ([comic, other], by) = (keys.comics(), keys.username("a"));
    subject.count(&mut keys, [(comic, 90), (other, 90)]).await?;
    let (seen, seen_other) = (subject.seen(comic).await?, subject.seen(other).await?);
    subject.ledger.adjust(&[adjustment(&seen, 100)], &by).await?;
    let now = subject.seen(comic).await?;
    demand(now.version != seen.version, "an adjusted row has a new version")?;
    demand_equal("another row", &subject.seen(other).await?, &seen_other)?;
    subject.ledger.adjust(&[adjustment(&now, 100)], &by).await?;
    demand(subject.seen(comic).await?.version != now.version, "also when the count stays")
}

pub(super) async fn an_adjustment_of_another_version_is_a_conflict(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let (comic, by) = (keys.comic(), keys.username("a"));
    subject.count(&mut keys, [(comic, 90)]).await?;
    let seen = subject.seen(comic).await?;
    subject.ledger.adjust(&[adjustment(&seen, 100)], &by).await?;
    let now = subject.seen(comic).await?;
    let second = subject.ledger.adjust(&[adjustment(&seen, 200)], &by).await;
    demand_conflict(second, comic, Some(now))?;
    demand_equal("the row after a conflict", &subject.seen(comic).await?, &now)?;
    demand_equal("the entries of the history", &subject.history_of(comic).await?.len(), &1)
}

pub(super) async fn a_count_never_falls_below_zero(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    subject.count(&mut keys, [(comic, 3)]).await?;
    let version = Some(subject.seen(comic).await?.version);
    let cut = Adjustment { comic, seen: 10.into(), wanted: ViewCount::default(), version };
    subject.ledger.adjust(&[cut], &keys.username("a")).await?;
    demand_equal("the views left", &subject.seen(comic).await?.views.get(), &0)?;
    let deltas: Vec<_> = subject.history_of(comic).await?.iter().map(|entry| entry.delta).collect();
    demand_equal("what was really added", &deltas, &vec![-3])
}

pub(super) async fn a_row_can_be_added(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    subject.ledger.adjust(&[addition(comic, 7)], &keys.username("a")).await?;
    subject.demand_views(comic, 7).await?;
    subject.count(&mut keys, [(comic, 1)]).await?;
    subject.demand_views(comic, 8).await
}

pub(super) async fn a_row_that_is_there_is_not_added(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    subject.count(&mut keys, [(comic, 3)]).await?;
    let seen = subject.seen(comic).await?;
    let added = subject.ledger.adjust(&[addition(comic, 7)], &keys.username("a")).await;
    demand_conflict(added, comic, Some(seen))?;
    demand_equal("the row that is there", &subject.seen(comic).await?, &seen)
}

pub(super) async fn a_row_that_is_not_there_is_not_adjusted(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let comic = keys.comic();
    let missing = Adjustment { version: Some(RowVersion(1)), ..addition(comic, 7) };
    let adjusted = subject.ledger.adjust(&[missing], &keys.username("a")).await;
    demand_conflict(adjusted, comic, None)?;
    demand_equal("the row that is not there", &subject.row(comic).await?, &None)
}

pub(super) async fn adjustments_are_made_together_or_not(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let ([a, b], by) = (keys.comics(), keys.username("a"));
    subject.count(&mut keys, [(a, 1), (b, 1)]).await?;
    let (seen_a, seen_b) = (subject.seen(a).await?, subject.seen(b).await?);
    subject.ledger.adjust(&[adjustment(&seen_b, 2)], &by).await?;
    let now_b = subject.seen(b).await?;
    let both = [adjustment(&seen_a, 9), adjustment(&seen_b, 9)];
    demand_conflict(subject.ledger.adjust(&both, &by).await, b, Some(now_b))?;
    demand_equal("the row without a conflict", &subject.seen(a).await?, &seen_a)?;
    demand_equal("the entries of its history", &subject.history_of(a).await?.len(), &0)?;
    // The order in which they are listed does not matter.
    subject.ledger.adjust(&[adjustment(&now_b, 9), adjustment(&seen_a, 9)], &by).await?;
    subject.demand_views(a, 9).await?;
    subject.demand_views(b, 9).await
}

pub(super) async fn a_comic_adjusted_twice_is_a_conflict(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    subject.count(&mut keys, [(comic, 1)]).await?;
    let seen = subject.seen(comic).await?;
    let twice = [adjustment(&seen, 5), adjustment(&seen, 6)];
    demand_conflict(subject.ledger.adjust(&twice, &keys.username("a")).await, comic, Some(seen))?;
    demand_equal("the row after a conflict", &subject.seen(comic).await?, &seen)
}

pub(super) async fn of_many_who_adjust_one_version_one_succeeds(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let (comic, by) = (keys.comic(), keys.username("a"));
    subject.count(&mut keys, [(comic, 10)]).await?;
    let adjustments = [adjustment(&subject.seen(comic).await?, 20)];
    let results = join_all((0..5).map(|_| subject.ledger.adjust(&adjustments, &by))).await;
    let mut succeeded = 0;
    for result in results {
        match result {
            Ok(()) => succeeded += 1,
            Err(ViewLedgerError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    demand_equal("how many succeeded", &succeeded, &1)?;
    subject.demand_views(comic, 20).await
}
