//! Pages of the rows, by keyset: a page begins at a row and not at a count of rows.

use rusqlite::{OptionalExtension, Params, Row, Transaction};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{
    LedgerCursor, LedgerList, LedgerOrder, LedgerPage, LedgerQuery, LedgerRow, RowVersion,
};
use xkcd_domain::views::ViewCount;

use crate::sqlite_store::{Columns, count};

pub(super) fn list(transaction: &Transaction<'_>, query: &LedgerQuery) -> rusqlite::Result<LedgerList> {
    let filter = Filter::of(query);
    match query.page {
        LedgerPage::First => {
            let (rows, more_after) = filter.rows(transaction, query, Walk::forward(query.order), None)?;
            Ok(LedgerList { rows, more_before: false, more_after })
        }
        LedgerPage::After(cursor) => {
            let walk = Walk::forward(query.order);
            let (rows, more_after) = filter.rows(transaction, query, walk, Some(cursor))?;
            let more_before = filter.has_rows_up_to(transaction, walk, cursor)?;
            Ok(LedgerList { rows, more_before, more_after })
        }
        LedgerPage::Before(cursor) => {
            let walk = Walk::backward(query.order);
            let (mut rows, more_before) = filter.rows(transaction, query, walk, Some(cursor))?;
            rows.reverse();
            let more_after = filter.has_rows_up_to(transaction, walk, cursor)?;
            Ok(LedgerList { rows, more_before, more_after })
        }
    }
}

/// Which way the rows are gone through.
#[derive(Clone, Copy)]
struct Walk {
    by_views: bool,
    ascending: bool,
}

impl Walk {
    const fn forward(order: LedgerOrder) -> Self {
        Self {
            by_views: matches!(order, LedgerOrder::ViewsAscending | LedgerOrder::ViewsDescending),
            ascending: matches!(order, LedgerOrder::NumberAscending | LedgerOrder::ViewsAscending),
        }
    }

    const fn backward(order: LedgerOrder) -> Self {
        let forward = Self::forward(order);
        Self { ascending: !forward.ascending, ..forward }
    }

    const fn order_by(self) -> &'static str {
        match (self.by_views, self.ascending) {
            (false, true) => "comic_number",
            (false, false) => "comic_number DESC",
            (true, true) => "view_count, comic_number",
            (true, false) => "view_count DESC, comic_number DESC",
        }
    }

    /// Rows behind the cursor.
    const fn behind(self) -> &'static str {
        match (self.by_views, self.ascending) {
            (false, true) => "comic_number > ?4",
            (false, false) => "comic_number < ?4",
            (true, true) => "(view_count, comic_number) > (?5, ?4)",
            (true, false) => "(view_count, comic_number) < (?5, ?4)",
        }
    }

    /// The cursor's row and those before it.
    const fn up_to(self) -> &'static str {
        match (self.by_views, self.ascending) {
            (false, true) => "comic_number <= ?4",
            (false, false) => "comic_number >= ?4",
            (true, true) => "(view_count, comic_number) <= (?5, ?4)",
            (true, false) => "(view_count, comic_number) >= (?5, ?4)",
        }
    }
}

/// The rows that are wanted at all.
struct Filter {
    least: i64,
    most: i64,
    /// A JSON array of numbers.
    only: Option<String>,
}

impl Filter {
    fn of(query: &LedgerQuery) -> Self {
        let only = query.only.as_ref().map(|comics| {
            let numbers: Vec<_> = comics.iter().map(ToString::to_string).collect();
            format!("[{}]", numbers.join(","))
        });
        Self {
            least: count(query.least_views.unwrap_or_default()),
            most: count(query.most_views.unwrap_or(ViewCount::MAX)),
            only,
        }
    }

    fn condition(&self) -> String {
        let only =
            if self.only.is_some() { "AND comic_number IN (SELECT value FROM json_each(?3))" } else { "" };
        format!("view_count BETWEEN ?1 AND ?2 {only}")
    }

    fn params(&self, cursor: Option<LedgerCursor>, limit: u32) -> impl Params {
        let comic = cursor.map(|it| it.comic.get());
        let views = cursor.map(|it| count(it.views));
        (self.least, self.most, self.only.clone(), comic, views, limit)
    }

    fn rows_sql(&self, walk: Walk, cursor: Option<LedgerCursor>) -> String {
        format!(
            "SELECT comic_number, view_count, version FROM comic_views
             WHERE {} AND {} ORDER BY {} LIMIT ?6 + 1",
            self.condition(),
            cursor.map_or("TRUE", |_| walk.behind()),
            walk.order_by()
        )
    }

    /// At most `query.limit` rows in the order of the walk, and whether there are more.
    fn rows(
        &self,
        transaction: &Transaction<'_>,
        query: &LedgerQuery,
        walk: Walk,
        cursor: Option<LedgerCursor>,
    ) -> rusqlite::Result<(Vec<LedgerRow>, bool)> {
        let mut rows: Vec<_> = transaction
            .prepare_cached(&self.rows_sql(walk, cursor))?
            .query_map(self.params(cursor, query.limit), ledger_row)?
            .collect::<rusqlite::Result<_>>()?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows, more))
    }

    fn has_rows_up_to(
        &self,
        transaction: &Transaction<'_>,
        walk: Walk,
        cursor: LedgerCursor,
    ) -> rusqlite::Result<bool> {
        let sql =
            format!("SELECT 1 FROM comic_views WHERE {} AND {} LIMIT ?6", self.condition(), walk.up_to());
        transaction.prepare_cached(&sql)?.exists(self.params(Some(cursor), 1))
    }
}

fn ledger_row(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    Ok(LedgerRow { comic: row.comic(0)?, views: row.views(1)?, version: RowVersion(row.get(2)?) })
}

/// The row of a comic.
pub(super) fn row_of(
    transaction: &Transaction<'_>,
    comic: ComicNumber,
) -> rusqlite::Result<Option<LedgerRow>> {
    transaction
        .prepare_cached("SELECT comic_number, view_count, version FROM comic_views WHERE comic_number = ?1")?
        .query_row([comic.get()], ledger_row)
        .optional()
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};

    use super::*;

    const ROWS: u32 = 5_000;

    /// Rows whose views rise with their numbers.
    fn many_rows() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in [
            include_str!("../../migrations/V1__first_schema.sql"),
            include_str!("../../migrations/V2__no_index_of_counts.sql"),
        ] {
            connection.execute_batch(migration).unwrap();
        }
        let mut insert = connection.prepare("INSERT INTO comic_views VALUES (?1, ?1 * 2, 0)").unwrap();
        for comic in 1..=ROWS {
            insert.execute([comic]).unwrap();
        }
        drop(insert);
        connection
    }

    /// How many steps SQLite takes for the page behind a comic.
    fn steps(connection: &Connection, order: LedgerOrder, comic: u32) -> i32 {
        let query = LedgerQuery {
            least_views: Some(ViewCount::from(1)),
            most_views: None,
            only: None,
            order,
            page: LedgerPage::First,
            limit: 10,
        };
        let cursor = LedgerCursor { comic: comic.try_into().unwrap(), views: ViewCount::from(comic * 2) };
        let (filter, walk) = (Filter::of(&query), Walk::forward(order));
        let mut statement = connection.prepare(&filter.rows_sql(walk, Some(cursor))).unwrap();
        let params = filter.params(Some(cursor), query.limit);
        assert_eq!(statement.query_map(params, |_| Ok(())).unwrap().count(), 11);
        statement.get_status(StatementStatus::VmStep)
    }

    #[test]
    fn a_page_in_the_order_of_numbers_costs_the_same_wherever_it_is() {
        let connection = many_rows();
        for order in [LedgerOrder::NumberAscending, LedgerOrder::NumberDescending] {
            let costs = [20, 2_500, ROWS - 20].map(|comic| steps(&connection, order, comic));
            assert!(costs.iter().all(|cost| *cost < 500), "{order:?}: {costs:?}");
        }
    }

    #[test]
    fn a_page_in_the_order_of_views_costs_one_look_at_each_row() {
        let connection = many_rows();
        for order in [LedgerOrder::ViewsAscending, LedgerOrder::ViewsDescending] {
            let costs = [20, 2_500, ROWS - 20].map(|comic| steps(&connection, order, comic));
            assert!(costs.iter().all(|cost| *cost < 40 * ROWS.cast_signed()), "{order:?}: {costs:?}");
        }
    }
}
