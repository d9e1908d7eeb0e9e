//! What the contract leaves to an adapter: rows that are gone, counts at the end of their range.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;
use std::time::Duration;

use tempfile::TempDir;
use xkcd_adapters_local::{SqliteConfig, SqliteStore, SqliteViewCounter, SqliteViewLedger};
use xkcd_domain::account::Username;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::{
    Adjustment, LedgerCursor, LedgerOrder, LedgerPage, LedgerQuery, Removal, ViewLedger,
};
use xkcd_domain::views::{BatchNumber, ViewBatch, ViewCount, WriterId};

fn opened() -> (TempDir, SqliteViewCounter, SqliteViewLedger) {
    let folder = tempfile::tempdir().unwrap();
    // Patient with a busy machine.
    let config = SqliteConfig { answer_within: Duration::from_secs(10), ..SqliteConfig::new(folder.path()) };
    let store = SqliteStore::open(&config).unwrap();
    (folder, SqliteViewCounter::new(store.clone()), SqliteViewLedger::new(store))
}

fn comic(number: u32) -> ComicNumber {
    ComicNumber::try_from(number).unwrap()
}

fn batch(number: u64, views: impl IntoIterator<Item = (u32, u32)>) -> ViewBatch {
    let views: BTreeMap<_, _> = views.into_iter().map(|(number, views)| (comic(number), views)).collect();
    ViewBatch::new(WriterId::from_random(1), BatchNumber::try_from(number).unwrap(), views).unwrap()
}

fn page(order: LedgerOrder, page: LedgerPage) -> LedgerQuery {
    LedgerQuery { least_views: None, most_views: None, only: None, order, page, limit: 10 }
}

#[tokio::test]
async fn a_list_knows_what_lies_around_a_row_that_is_gone() {
    let (_folder, counter, ledger) = opened();
    counter.apply(&batch(1, (1..=5).map(|comic| (comic, comic * 10)))).await.unwrap();
    let rows = ledger.list(&page(LedgerOrder::NumberAscending, LedgerPage::First)).await.unwrap().rows;
    let gone = Removal { comic: rows[2].comic, version: rows[2].version };
    ledger.remove(&[gone], &"ada".parse::<Username>().unwrap()).await.unwrap();
    let cursor = LedgerCursor::from(&rows[2]);

    for (order, before, after) in [
        (LedgerOrder::NumberAscending, [1, 2], [4, 5]),
        (LedgerOrder::NumberDescending, [5, 4], [2, 1]),
        (LedgerOrder::ViewsAscending, [1, 2], [4, 5]),
        (LedgerOrder::ViewsDescending, [5, 4], [2, 1]),
    ] {
        for (place, expected, [more_before, more_after]) in [
            (LedgerPage::After(cursor), after, [true, false]),
            (LedgerPage::Before(cursor), before, [false, true]),
        ] {
            let list = ledger.list(&page(order, place)).await.unwrap();

            let numbers: Vec<_> = list.rows.iter().map(|row| row.comic.get()).collect();
            assert_eq!(numbers, expected, "{order:?} {place:?}");
            assert_eq!([list.more_before, list.more_after], [more_before, more_after], "{order:?} {place:?}");
        }
    }
}

#[tokio::test]
async fn a_count_that_can_not_rise_stops_no_batch() {
    let (_folder, counter, ledger) = opened();
    let highest = Adjustment { comic: comic(1), seen: 0.into(), wanted: ViewCount::MAX, version: None };
    ledger.adjust(&[highest], &"ada".parse::<Username>().unwrap()).await.unwrap();

    let applied = counter.apply(&batch(1, [(1, 3), (2, 3)])).await.unwrap();

    assert_eq!(applied.totals, BTreeMap::from([(comic(1), ViewCount::MAX), (comic(2), 3.into())]));
}
