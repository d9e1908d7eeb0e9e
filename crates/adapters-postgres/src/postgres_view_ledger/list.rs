//! Pages of the rows, by keyset: a page begins at a row and not at a count of rows.

use tokio_postgres::Row;
use xkcd_domain::ports::view_ledger::{
    LedgerCursor, LedgerList, LedgerOrder, LedgerPage, LedgerQuery, LedgerRow, RowVersion,
};
use xkcd_domain::views::ViewCount;

use crate::postgres_store::{Columns, PostgresStoreError, Statement, count, number};

/// Which way the rows are gone through.
#[derive(Clone, Copy)]
struct Walk {
    by_views: bool,
    ascending: bool,
}

impl Walk {
    const fn of(query: &LedgerQuery) -> Self {
        let forward = Self {
            by_views: matches!(query.order, LedgerOrder::ViewsAscending | LedgerOrder::ViewsDescending),
            ascending: matches!(query.order, LedgerOrder::NumberAscending | LedgerOrder::ViewsAscending),
        };
        match query.page {
            LedgerPage::Before(_) => Self { ascending: !forward.ascending, ..forward },
            LedgerPage::First | LedgerPage::After(_) => forward,
        }
    }

    const fn order_by(self) -> &'static str {
        match (self.by_views, self.ascending) {
            (false, true) => "comic_number",
            (false, false) => "comic_number DESC",
            (true, true) => "view_count, comic_number",
            (true, false) => "view_count DESC, comic_number DESC",
        }
    }

    /// The rows behind the cursor, and its row with those before it.
    const fn sides(self) -> [&'static str; 2] {
        match (self.by_views, self.ascending) {
            (false, true) => ["comic_number > $5", "comic_number <= $5"],
            (false, false) => ["comic_number < $5", "comic_number >= $5"],
            (true, true) => {
                ["(view_count, comic_number) > ($6, $5)", "(view_count, comic_number) <= ($6, $5)"]
            }
            (true, false) => {
                ["(view_count, comic_number) < ($6, $5)", "(view_count, comic_number) >= ($6, $5)"]
            }
        }
    }
}

const fn cursor(query: &LedgerQuery) -> Option<LedgerCursor> {
    match query.page {
        LedgerPage::First => None,
        LedgerPage::After(cursor) | LedgerPage::Before(cursor) => Some(cursor),
    }
}

/// Gives whether there are rows up to the cursor, with each row behind it, of one snapshot; at least one row,
/// without a comic when there is none.
pub(super) fn statement(query: &LedgerQuery) -> Statement {
    let (walk, cursor) = (Walk::of(query), cursor(query));
    let wanted = "view_count BETWEEN $1 AND $2 AND ($3::integer[] IS NULL OR comic_number = ANY($3))";
    let [behind, around] = if cursor.is_some() {
        let [behind, up_to] = walk.sides();
        [behind.to_owned(), format!("EXISTS (SELECT FROM comic_views WHERE {wanted} AND {up_to})")]
    } else {
        ["TRUE".to_owned(), "FALSE".to_owned()]
    };
    let order_by = walk.order_by();
    let only = query.only.as_ref().map(|comics| comics.iter().copied().map(number).collect::<Vec<_>>());
    let statement = Statement::repeatable(format!(
        "SELECT around.more, comic_number, view_count, version
         FROM (SELECT {around} AS more) AS around LEFT JOIN (
             SELECT comic_number, view_count, version FROM comic_views
             WHERE {wanted} AND {behind} ORDER BY {order_by} LIMIT $4
         ) AS page ON TRUE ORDER BY {order_by}"
    ))
    .bind(count(query.least_views.unwrap_or_default()))
    .bind(count(query.most_views.unwrap_or(ViewCount::MAX)))
    .bind(only)
    // One more, to know whether there is one.
    .bind(i64::from(query.limit) + 1);
    match cursor {
        None => statement,
        Some(at) if walk.by_views => statement.bind(number(at.comic)).bind(count(at.views)),
        Some(at) => statement.bind(number(at.comic)),
    }
}

/// The page that the statement's rows make.
pub(super) fn page(query: &LedgerQuery, found: &[Row]) -> Result<LedgerList, PostgresStoreError> {
    let more_around = found.first().map(|row| row.column(0)).transpose()?.unwrap_or(false);
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        if row.column::<Option<i32>>(1)?.is_some() {
            rows.push(ledger_row(row, 1)?);
        }
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more_behind = rows.len() > limit;
    rows.truncate(limit);
    Ok(match query.page {
        LedgerPage::First | LedgerPage::After(_) => {
            LedgerList { rows, more_before: more_around, more_after: more_behind }
        }
        LedgerPage::Before(_) => {
            rows.reverse();
            LedgerList { rows, more_before: more_behind, more_after: more_around }
        }
    })
}

/// A row whose columns begin at `first`.
pub(super) fn ledger_row(row: &Row, first: usize) -> Result<LedgerRow, PostgresStoreError> {
    Ok(LedgerRow {
        comic: row.comic(first)?,
        views: row.views(first + 1)?,
        version: RowVersion(row.column(first + 2)?),
    })
}
