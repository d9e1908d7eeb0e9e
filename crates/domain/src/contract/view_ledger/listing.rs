//! What the list shows.

use super::{
    EVERYTHING, Keys, LedgerOrder, LedgerPage, LedgerQuery, LedgerSubject, Outcome, Violation, demand,
    demand_equal, removal,
};
use crate::comic::ComicNumber;
use crate::ports::view_ledger::{LedgerCursor, LedgerRow};
use crate::views::ViewCount;

const ORDERS: [LedgerOrder; 4] = [
    LedgerOrder::NumberAscending,
    LedgerOrder::NumberDescending,
    LedgerOrder::ViewsAscending,
    LedgerOrder::ViewsDescending,
];

/// Comics with views, equal ones among them and out of step with the numbers, in each order.
struct Shelf {
    comics: [ComicNumber; 10],
}

impl Shelf {
    const VIEWS: [u32; 10] = [5, 3, 5, 5, 1, 9, 3, 5, 2, 9];

    async fn filled(subject: &LedgerSubject, keys: &mut Keys) -> Result<Self, Violation> {
        let shelf = Self { comics: keys.comics() };
        subject.count(keys, shelf.comics.into_iter().zip(Self::VIEWS)).await?;
        Ok(shelf)
    }

    fn ordered(&self, order: LedgerOrder) -> Vec<(ComicNumber, u64)> {
        let mut rows: Vec<_> = self.comics.into_iter().zip(Self::VIEWS.map(u64::from)).collect();
        match order {
            LedgerOrder::NumberAscending | LedgerOrder::NumberDescending => rows.sort(),
            LedgerOrder::ViewsAscending | LedgerOrder::ViewsDescending => {
                rows.sort_by_key(|(comic, views)| (*views, *comic));
            }
        }
        if matches!(order, LedgerOrder::NumberDescending | LedgerOrder::ViewsDescending) {
            rows.reverse();
        }
        rows
    }
}

fn plain(rows: &[LedgerRow]) -> Vec<(ComicNumber, u64)> {
    rows.iter().map(|row| (row.comic, row.views.get())).collect()
}

pub(super) async fn rows_show_what_was_counted(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let [a, b, never] = keys.comics();
    subject.count(&mut keys, [(a, 3), (b, 5)]).await?;
    subject.count(&mut keys, [(a, u32::MAX)]).await?;
    let list = subject.ledger.list(&EVERYTHING).await?;
    demand_equal("the rows", &plain(&list.rows), &vec![(a, 3 + u64::from(u32::MAX)), (b, 5)])?;
    demand(!list.more_before && !list.more_after, "there is nothing around all rows")?;
    demand_equal("the row of a comic never viewed", &subject.row(never).await?, &None)
}

pub(super) async fn only_the_comics_asked_for_are_listed(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let [a, b, c, never] = keys.comics();
    subject.count(&mut keys, [(a, 1), (b, 2), (c, 3)]).await?;
    let only = LedgerQuery { only: Some(vec![c, never, a]), ..EVERYTHING };
    let rows = subject.ledger.list(&only).await?.rows;
    demand_equal("the rows of some comics", &plain(&rows), &vec![(a, 1), (c, 3)])?;
    let none = LedgerQuery { only: Some(vec![]), ..EVERYTHING };
    demand_equal("the rows of no comics", &plain(&subject.ledger.list(&none).await?.rows), &vec![])
}

pub(super) async fn bounds_of_views_are_included(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let [a, b, c, d] = keys.comics();
    subject.count(&mut keys, [(a, 1), (b, 2), (c, 3), (d, 4)]).await?;
    let bounds = [(Some(2), Some(3)), (Some(4), None), (None, Some(1)), (Some(3), Some(2))];
    let wanted = [vec![(b, 2), (c, 3)], vec![(d, 4)], vec![(a, 1)], vec![]];
    for ((least, most), wanted) in bounds.into_iter().zip(wanted) {
        let query = LedgerQuery {
            least_views: least.map(ViewCount::from),
            most_views: most.map(ViewCount::from),
            ..EVERYTHING
        };
        let rows = subject.ledger.list(&query).await?.rows;
        demand_equal("the rows between two bounds", &plain(&rows), &wanted)?;
    }
    Ok(())
}

pub(super) async fn rows_come_in_the_order_asked_for(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let shelf = Shelf::filled(&subject, &mut keys).await?;
    for order in ORDERS {
        let rows = subject.ledger.list(&LedgerQuery { order, ..EVERYTHING }).await?.rows;
        demand_equal(&format!("the rows in the order {order:?}"), &plain(&rows), &shelf.ordered(order))?;
    }
    Ok(())
}

pub(super) async fn pages_forward_give_every_row_once(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let shelf = Shelf::filled(&subject, &mut keys).await?;
    for order in ORDERS {
        let wanted = shelf.ordered(order);
        let mut page = LedgerPage::First;
        for (index, chunk) in wanted.chunks(4).enumerate() {
            let list = subject.ledger.list(&LedgerQuery { order, page, limit: 4, ..EVERYTHING }).await?;
            demand_equal(
                &format!("page {index} in the order {order:?}"),
                &plain(&list.rows),
                &chunk.to_vec(),
            )?;
            demand_equal("whether there are rows before", &list.more_before, &(index > 0))?;
            demand_equal("whether there are rows behind", &list.more_after, &(index < 2))?;
            let Some(end) = list.rows.last() else { break };
            page = LedgerPage::After(end.into());
        }
        let end = subject.ledger.list(&LedgerQuery { order, page, limit: 4, ..EVERYTHING }).await?;
        demand_equal("the rows behind the last one", &plain(&end.rows), &vec![])?;
    }
    Ok(())
}

pub(super) async fn pages_back_give_the_same_rows(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let shelf = Shelf::filled(&subject, &mut keys).await?;
    for order in ORDERS {
        let wanted = shelf.ordered(order);
        let (comic, views) = wanted[8];
        let mut page = LedgerPage::Before(LedgerCursor { comic, views: ViewCount::try_from(views)? });
        for (index, chunk) in wanted[..8].rchunks(3).enumerate() {
            let list = subject.ledger.list(&LedgerQuery { order, page, limit: 3, ..EVERYTHING }).await?;
            let what = format!("page {index} on the way back in the order {order:?}");
            demand_equal(&what, &plain(&list.rows), &chunk.to_vec())?;
            demand_equal("whether there are rows before", &list.more_before, &(index < 2))?;
            demand(list.more_after, "there are rows behind a page on the way back")?;
            let Some(first) = list.rows.first() else { break };
            page = LedgerPage::Before(first.into());
        }
    }
    Ok(())
}

pub(super) async fn a_page_follows_a_row_that_has_gone(subject: LedgerSubject, mut keys: Keys) -> Outcome {
    let shelf = Shelf::filled(&subject, &mut keys).await?;
    let order = LedgerOrder::ViewsDescending;
    let wanted = shelf.ordered(order);
    let gone = subject.seen(wanted[3].0).await?;
    subject.ledger.remove(&[removal(&gone)], &keys.username("a")).await?;
    let page = LedgerPage::After(LedgerCursor::from(&gone));
    let rows = subject.ledger.list(&LedgerQuery { order, page, ..EVERYTHING }).await?.rows;
    demand_equal("the rows behind one that has gone", &plain(&rows), &wanted[4..].to_vec())?;
    let page = LedgerPage::Before(LedgerCursor::from(&gone));
    let rows = subject.ledger.list(&LedgerQuery { order, page, ..EVERYTHING }).await?.rows;
    demand_equal("the rows before one that has gone", &plain(&rows), &wanted[..3].to_vec())
}
