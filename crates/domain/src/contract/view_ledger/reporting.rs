//! What the history and the days tell, and that they agree with the counts.

use futures_util::future::{join, join_all};
use time::macros::date;
use time::{Date, Duration};

use super::{
    EVERYTHING, HistoryEntry, HistoryQuery, Keys, LedgerSubject, Outcome, Username, ViewLedgerError,
    Violation, addition, adjustment, batch, demand, demand_equal, removal,
};
use crate::ports::view_ledger::Change;

/// Earlier than any view.
const LONG_AGO: Date = date!(2000 - 01 - 01);
/// Later than any view.
const FAR_AHEAD: Date = date!(2999 - 12 - 31);

async fn views_of_all_days(subject: &LedgerSubject) -> Result<u64, Violation> {
    Ok(subject.ledger.days(LONG_AGO, FAR_AHEAD).await?.iter().map(|(_, views)| views).sum())
}

pub(super) async fn a_comic_without_views_is_not_most_viewed(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let [reset, viewed, added] = keys.comics();
    subject.count(&mut keys, [(reset, 3), (viewed, 4)]).await?;
    let seen = subject.seen(reset).await?;
    let adjustments = [adjustment(&seen, 0), addition(added, 0)];
    subject.ledger.adjust(&adjustments, &keys.username("a")).await?;
    let most_viewed = subject.counter.most_viewed(10).await?;
    demand_equal("the most viewed", &most_viewed, &vec![(viewed, 4.into())])
}

pub(super) async fn the_history_says_who_did_what(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    let (first, second) = (keys.username("adjuster@example.org-"), keys.username("remover-"));
    let third = keys.username("adder-");
    subject.count(&mut keys, [(comic, 90)]).await?;
    let seen = subject.seen(comic).await?;
    subject.count(&mut keys, [(comic, 5)]).await?;
    subject.ledger.adjust(&[adjustment(&seen, 100)], &first).await?;
    let seen = subject.seen(comic).await?;
    subject.count(&mut keys, [(comic, 1)]).await?;
    subject.ledger.remove(&[removal(&seen)], &second).await?;
    subject.ledger.adjust(&[addition(comic, 0)], &third).await?;
    let seen = subject.seen(comic).await?;
    subject.ledger.adjust(&[adjustment(&seen, 5)], &first).await?;
    let history = subject.history_of(comic).await?;
    let told: Vec<_> = history.iter().map(|it| (it.by.clone(), it.comic, it.change, it.delta)).collect();
    let adjusted = Change::Adjusted { seen: 90.into(), wanted: 100.into() };
    let removed = Change::Removed { views: 106.into() };
    let (added, from_zero) =
        (Change::Added { views: 0.into() }, Change::Adjusted { seen: 0.into(), wanted: 5.into() });
    let wanted = vec![
        (first.clone(), comic, from_zero, 5),
        (third, comic, added, 0),
        (second.clone(), comic, removed, -106),
        (first, comic, adjusted, 10),
    ];
    demand_equal("the history of the comic", &told, &wanted)?;
    demand(history.is_sorted_by(|later, earlier| later.at >= earlier.at), "the later entry was made later")?;
    let other = keys.comic();
    subject.ledger.adjust(&[addition(other, 7)], &second).await?;
    let told: Vec<_> = subject.history_of(other).await?.iter().map(|it| (it.change, it.delta)).collect();
    demand_equal("the history of a comic without views", &told, &vec![(Change::Added { views: 7.into() }, 7)])
}

pub(super) async fn the_history_comes_latest_first_in_pages(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let ([a, b], by) = (keys.comics(), keys.username("a"));
    for (comic, wanted) in [(a, 1), (b, 2), (a, 3), (a, 4), (b, 5)] {
        let adjusted = match subject.row(comic).await? {
            Some(seen) => adjustment(&seen, wanted),
            None => addition(comic, wanted),
        };
        subject.ledger.adjust(&[adjusted], &by).await?;
    }
    let wanted_counts = |entries: &[HistoryEntry]| -> Vec<_> {
        entries
            .iter()
            .map(|entry| match entry.change {
                Change::Added { views: wanted } | Change::Adjusted { wanted, .. } => wanted.get(),
                Change::Removed { .. } => 0,
            })
            .collect()
    };
    let (mut before, mut seen) = (None, Vec::new());
    for _ in 0..4 {
        let entries = subject.ledger.history(&HistoryQuery { comic: None, before, limit: 2 }).await?;
        demand(entries.len() <= 2, "there are no more entries than the limit")?;
        before = entries.last().map_or(before, |entry| Some(entry.id));
        seen.extend(wanted_counts(&entries));
    }
    demand_equal("the history in pages", &seen, &vec![5, 4, 3, 2, 1])?;
    demand_equal("one comic's", &wanted_counts(&subject.history_of(a).await?), &vec![4, 3, 1])
}

pub(super) async fn days_have_the_views_of_batches(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let ([a, b], writer) = (keys.comics(), keys.writer());
    let first = batch(writer, 1, [(a, 3), (b, 4)])?;
    subject.counter.apply(&first).await?;
    demand_equal("the views of all days", &views_of_all_days(&subject).await?, &7)?;
    subject.counter.apply(&first).await?;
    demand_equal("the same after the batch came again", &views_of_all_days(&subject).await?, &7)?;
    subject.counter.apply(&batch(writer, 2, [(a, 1)])?).await?;
    subject.counter.apply(&batch(keys.writer(), 1, [(a, 10)])?).await?;
    demand_equal("the views of several batches", &views_of_all_days(&subject).await?, &18)
}

pub(super) async fn days_are_unmoved_by_what_admins_do(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let ([a, b, added], by) = (keys.comics(), keys.username("a"));
    subject.count(&mut keys, [(a, 3), (b, 4)]).await?;
    let (seen_a, seen_b) = (subject.seen(a).await?, subject.seen(b).await?);
    subject.ledger.adjust(&[adjustment(&seen_a, 50), addition(added, 9)], &by).await?;
    subject.ledger.remove(&[removal(&seen_b)], &by).await?;
    demand_equal("the views of all days", &views_of_all_days(&subject).await?, &7)
}

pub(super) async fn days_outside_are_left_out(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let comic = keys.comic();
    subject.count(&mut keys, [(comic, 3)]).await?;
    let days = subject.ledger.days(LONG_AGO, FAR_AHEAD).await?;
    demand(days.is_sorted_by(|(a, _), (b, _)| a < b), "days ascend, each once")?;
    demand(days.iter().all(|(_, views)| *views > 0), "days without views are left out")?;
    let Some((day, _)) = days.last().copied() else { return demand(false, "there is a day with views") };
    let on_it = subject.ledger.days(day, day).await?;
    demand_equal("the day alone, as both ends of the range", &on_it, &days[days.len() - 1..].to_vec())?;
    let before = subject.ledger.days(LONG_AGO, day - Duration::days(1)).await?;
    demand(!before.iter().any(|(it, _)| *it == day), "a day behind the range is left out")?;
    let behind = subject.ledger.days(day + Duration::days(2), FAR_AHEAD).await?;
    demand_equal("days before the range", &behind, &vec![])
}

/// Writers, adjusters and removers on the same comics: none is lost, none deadlocks, and then
/// the counts are what the days and the history add up to.
pub(super) async fn the_sums_add_up_after_everything_at_once(
    subject: LedgerSubject,
    mut keys: Keys,
) -> Outcome {
    let (comics, by) = (keys.comics::<12>(), keys.username("a"));
    let writers: Vec<_> = (0..4).map(|_| keys.writer()).collect();
    subject.count(&mut keys, comics.map(|comic| (comic, 10))).await?;
    let writing = join_all(writers.iter().map(|writer| async {
        for number in 1..=6 {
            subject.counter.apply(&batch(*writer, number, comics.map(|comic| (comic, 1)))?).await?;
        }
        Ok::<_, Violation>(())
    }));
    let admins = join_all((0..3).map(|admin| tidy_up(&subject, &by, admin)));
    let (written, tidied) = join(writing, admins).await;
    written.into_iter().chain(tidied).collect::<Outcome>()?;

    let rows = subject.ledger.list(&EVERYTHING).await?.rows;
    let counted = rows.iter().map(|row| i128::from(row.views.get())).sum::<i128>();
    let days = i128::from(views_of_all_days(&subject).await?);
    let history = HistoryQuery { comic: None, before: None, limit: 1_000_000 };
    let deltas = subject.ledger.history(&history).await?;
    let deltas = deltas.iter().map(|entry| i128::from(entry.delta)).sum::<i128>();
    demand_equal("the views of all days", &days, &(12 * 10 + 4 * 6 * 12))?;
    demand_equal("the counts, against the days and the history", &counted, &(days + deltas))
}

/// Adjusts some rows, listed downwards, and removes one, again and again; other admins may be faster.
async fn tidy_up(subject: &LedgerSubject, by: &Username, admin: usize) -> Outcome {
    for round in admin..admin + 4 {
        let rows = subject.ledger.list(&EVERYTHING).await?.rows;
        let adjustments: Vec<_> =
            rows.iter().skip(round).take(5).rev().map(|row| adjustment(row, 100)).collect();
        let removals: Vec<_> = rows.iter().skip(round + 5).take(1).map(removal).collect();
        let adjusted = subject.ledger.adjust(&adjustments, by).await;
        let removed = subject.ledger.remove(&removals, by).await;
        for result in [adjusted, removed] {
            match result {
                Ok(()) | Err(ViewLedgerError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
