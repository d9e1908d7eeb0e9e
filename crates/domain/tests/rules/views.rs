use std::collections::BTreeMap;

use proptest::prelude::*;
use xkcd_domain::views::{BatchNumber, InvalidBatch, ViewBatch, ViewCount, WriterId};

use crate::comic;

fn batch(views: impl IntoIterator<Item = (u32, u32)>) -> Result<ViewBatch, InvalidBatch> {
    let views: BTreeMap<_, _> = views.into_iter().map(|(number, count)| (comic(number), count)).collect();
    ViewBatch::new(WriterId::from_random(1), BatchNumber::FIRST, views)
}

#[test]
fn a_batch_lists_its_comics_in_ascending_order() {
    let batch = batch([(9, 1), (3, u32::MAX), (1_000_001, 2)]).unwrap();
    assert_eq!(batch.views(), [(comic(3), u32::MAX), (comic(9), 1), (comic(1_000_001), 2)]);
    assert_eq!(batch.total(), u64::from(u32::MAX) + 3);
}

#[test]
fn a_batch_holds_one_comic_to_five_hundred() {
    let comics = |count: u32| (1_000..1_000 + count).map(|number| (number, 1));
    assert_eq!(batch(comics(0)), Err(InvalidBatch::Views));
    assert_eq!(batch(comics(1)).unwrap().total(), 1);
    assert_eq!(batch(comics(500)).unwrap().total(), 500);
    assert_eq!(batch(comics(501)), Err(InvalidBatch::Views));
}

#[test]
fn a_comic_without_views_is_in_no_batch() {
    assert_eq!(batch([(1, 1), (2, 0)]), Err(InvalidBatch::Views));
}

#[test]
fn batches_are_numbered_from_one() {
    assert!(BatchNumber::try_from(0).is_err());
    assert_eq!(BatchNumber::try_from(1), Ok(BatchNumber::FIRST));
    assert_eq!(BatchNumber::FIRST.next().get(), 2);
    assert!(BatchNumber::try_from(i64::MAX.unsigned_abs()).is_ok());
    assert!(BatchNumber::try_from(i64::MAX.unsigned_abs() + 1).is_err());
}

#[test]
fn a_count_is_what_a_signed_column_holds() {
    assert!(ViewCount::try_from(-1_i64).is_err());
    assert_eq!(ViewCount::try_from(i64::MAX), Ok(ViewCount::MAX));
    assert!(ViewCount::try_from(i64::MAX.unsigned_abs() + 1).is_err());
    assert_eq!(ViewCount::from(7).to_string(), "7");
}

#[test]
fn what_is_no_writer_is_refused() {
    let digits = "0123456789abcdef0123456789abcdef";
    for text in ["", "1", &digits[1..], &format!("{digits}0"), &format!("+{}", &digits[1..]), &"g".repeat(32)]
    {
        assert_eq!(text.parse::<WriterId>(), Err(InvalidBatch::Writer), "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_writer_is_read_as_it_is_shown(bits: u128) {
        let writer = WriterId::from_random(bits);
        prop_assert_eq!(writer.to_string().len(), 32);
        prop_assert_eq!(writer.to_string().parse(), Ok(writer));
    }
}
