//! Where a comic page leads: only to comics that are there.

use serde::Serialize;
use xkcd_domain::comic::{ComicNumber, ComicRange};

/// Neighbours of a number; `None` where there is none, or none is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Navigation {
    first: Option<u32>,
    previous: Option<u32>,
    next: Option<u32>,
    latest: Option<u32>,
}

impl Navigation {
    /// The neighbours of `number` in a range; `number` itself need not be in it.
    #[must_use]
    pub fn around(number: u32, range: Option<ComicRange>) -> Self {
        let Some(range) = range else { return Self::default() };
        let other = |comic: ComicNumber| Some(comic.get()).filter(|comic| *comic != number);
        Self {
            first: other(range.first()),
            previous: range.previous(number).map(ComicNumber::get),
            next: range.next(number).map(ComicNumber::get),
            latest: other(range.newest()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(number: u32, newest: u32) -> [Option<u32>; 4] {
        let range = ComicRange::new(ComicNumber::ONE, newest.try_into().unwrap());
        let Navigation { first, previous, next, latest } = Navigation::around(number, range);
        [first, previous, next, latest]
    }

    #[test]
    fn the_ends_lead_nowhere_beyond() {
        assert_eq!(around(1, 500), [None, None, Some(2), Some(500)]);
        assert_eq!(around(500, 500), [Some(1), Some(499), None, None]);
    }

    #[test]
    fn the_walk_steps_over_404() {
        assert_eq!(around(405, 500)[1], Some(403));
        assert_eq!(around(403, 500)[2], Some(405));
        assert_eq!(around(404, 500), [Some(1), Some(403), Some(405), Some(500)]);
    }

    #[test]
    fn beyond_the_newest_the_way_leads_back() {
        assert_eq!(around(9_999, 500), [Some(1), Some(500), None, Some(500)]);
    }

    #[test]
    fn an_unknown_range_promises_nothing() {
        assert_eq!(Navigation::around(5, None), Navigation::default());
    }
}
