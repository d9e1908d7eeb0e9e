use proptest::prelude::*;
use xkcd_domain::comic::{ComicNumber, ComicRange};

use crate::{comic, range};

const LARGEST: u32 = i32::MAX as u32;

#[test]
fn there_is_no_comic_404() {
    assert!(ComicNumber::try_from(404_u32).is_err());
    assert!(ComicNumber::try_from(404_i64).is_err());
    assert!("404".parse::<ComicNumber>().is_err());
    assert_eq!(comic(403).get(), 403);
    assert_eq!(comic(405).get(), 405);
}

#[test]
fn a_number_fits_in_a_signed_column() {
    assert_eq!(comic(LARGEST).get(), LARGEST);
    assert!(ComicNumber::try_from(LARGEST + 1).is_err());
    assert!(ComicNumber::try_from(0_u32).is_err());
    assert!(ComicNumber::try_from(-1_i64).is_err());
    assert!(ComicNumber::try_from(i64::from(u32::MAX) + 2).is_err());
}

#[test]
fn only_the_canonical_form_is_a_number() {
    for text in
        ["", "0", "007", "+7", "-7", " 7", "7 ", "7.0", "1e3", "٧", "7\n", "2147483648", "99999999999"]
    {
        assert!(text.parse::<ComicNumber>().is_err(), "{text:?}");
    }
}

#[test]
fn built_in_comics_begin_at_their_first() {
    assert!(!comic(1_000_000).is_built_in());
    assert_eq!(ComicNumber::FIRST_BUILT_IN, comic(1_000_001));
    assert!(ComicNumber::FIRST_BUILT_IN.is_built_in());
}

#[test]
fn the_missing_comic_has_neighbours() {
    let range = range(1, 3_282);
    assert_eq!(range.previous(404_u32), Some(comic(403)));
    assert_eq!(range.next(404_u32), Some(comic(405)));
    assert_eq!(range.previous(comic(405)), Some(comic(403)));
    assert_eq!(range.next(comic(403)), Some(comic(405)));
}

#[test]
fn numbers_outside_lead_to_the_ends() {
    let range = range(10, 20);
    assert_eq!(range.next(0_u32), Some(comic(10)));
    assert_eq!(range.previous(0_u32), None);
    assert_eq!(range.previous(u32::MAX), Some(comic(20)));
    assert_eq!(range.next(u32::MAX), None);
    assert_eq!(ComicRange::new(comic(2), comic(1)), None);
}

proptest! {
    #[test]
    fn a_number_is_read_as_it_is_shown(number in 1..=LARGEST) {
        prop_assume!(number != 404);
        prop_assert_eq!(comic(number).to_string().parse(), Ok(comic(number)));
        prop_assert_eq!(ComicNumber::try_from(i64::from(number)), Ok(comic(number)));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*") {
        let canonical = text.parse::<u32>().is_ok_and(|it| it.to_string() == text);
        prop_assert!(canonical || text.parse::<ComicNumber>().is_err());
    }

    #[test]
    fn a_range_is_walked_and_counted_alike(first in 380_u32..430, more in 0_u32..50) {
        prop_assume!(first != 404 && first + more != 404);
        let range = range(first, first + more);
        let walked: Vec<_> = std::iter::successors(Some(range.first()), |it| range.next(*it)).collect();
        let counted: Vec<_> = (0..range.len()).filter_map(|index| range.nth(index)).collect();
        let back: Vec<_> = std::iter::successors(Some(range.newest()), |it| range.previous(*it)).collect();
        prop_assert_eq!(&walked, &counted);
        prop_assert!(walked.iter().eq(back.iter().rev()));
        prop_assert!(walked.iter().all(|it| range.contains(*it)));
        prop_assert_eq!(range.nth(range.len()), None);
    }
}
