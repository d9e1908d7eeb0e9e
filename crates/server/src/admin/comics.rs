//! The counts: the list, one row, many rows at once, all rows as a file.

pub(super) mod add;
pub(super) mod bulk;
pub(super) mod change;
pub(super) mod export;
pub(super) mod list;
mod list_query;

use serde::Serialize;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{
    LedgerOrder, LedgerPage, LedgerQuery, LedgerRow, RowVersion, ViewLedger, ViewLedgerError,
};
use xkcd_domain::views::ViewCount;

use super::titles;
use crate::app::AppState;
use crate::pages::grouped;

/// Where the list is.
pub(super) const LIST: &str = "/admin/comics/";

/// A row as pages show it.
#[derive(Debug, Serialize)]
pub(super) struct ShownRow {
    number: u32,
    title: Option<String>,
    views: u64,
    views_grouped: String,
    version: i64,
}

impl ShownRow {
    pub(super) fn new(state: &AppState, row: &LedgerRow) -> Self {
        Self {
            number: row.comic.get(),
            title: titles::of(state, row.comic),
            views: row.views.get(),
            views_grouped: grouped(row.views.get()),
            version: row.version.0,
        }
    }
}

/// The rows of some comics, in ascending order of their numbers.
pub(super) async fn rows_of(
    ledger: &dyn ViewLedger,
    comics: Vec<ComicNumber>,
) -> Result<Vec<LedgerRow>, ViewLedgerError> {
    let limit = u32::try_from(comics.len()).unwrap_or(u32::MAX);
    let query = LedgerQuery {
        least_views: None,
        most_views: None,
        only: Some(comics),
        order: LedgerOrder::NumberAscending,
        page: LedgerPage::First,
        limit,
    };
    Ok(ledger.list(&query).await?.rows)
}

/// A row as an admin saw it: what a form carries from one page to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct SeenRow {
    comic: ComicNumber,
    version: RowVersion,
    views: ViewCount,
}

impl std::str::FromStr for SeenRow {
    type Err = ();

    /// `NUMBER.VERSION.VIEWS`
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(());
        let (comic, version, views) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(());
        }
        Ok(Self {
            comic: comic.parse().map_err(drop)?,
            version: RowVersion(version.parse().map_err(drop)?),
            views: parse_views(views).ok_or(())?,
        })
    }
}

/// A count as people type it.
fn parse_views(text: &str) -> Option<ViewCount> {
    let digits: String = text.trim().chars().filter(|letter| *letter != ',').collect();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| is_number)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_people_type_them() {
        let read = |text| parse_views(text).map(ViewCount::get);
        assert_eq!([read("0"), read(" 1,234,567 "), read("007")], [Some(0), Some(1_234_567), Some(7)]);
        assert_eq!(read("9223372036854775807"), Some(i64::MAX as u64));
        for wrong in ["", " ", ",", "-1", "+1", "1.5", "1e3", "0x10", "9223372036854775808", "1 2", "١"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_seen_row_is_three_numbers() {
        let row: SeenRow = "353.7.90".parse().unwrap();
        assert_eq!((row.comic.get(), row.version, row.views.get()), (353, RowVersion(7), 90));
        for wrong in ["", "353", "353.7", "353.7.90.1", "404.7.90", "353.x.90", "353.7.-1"] {
            assert!(wrong.parse::<SeenRow>().is_err(), "{wrong}");
        }
    }
}
