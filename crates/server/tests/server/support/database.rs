use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

/// The app's database, looked at from another process while the app runs.
pub(crate) struct Database(Connection);

impl Database {
    pub(crate) fn open(folder: &Path) -> Self {
        Self(Connection::open(folder.join("xkcdapp.db")).unwrap())
    }

    /// All views that are counted, which the days' views have to add up to.
    #[track_caller]
    pub(crate) fn views(&self) -> u64 {
        // One statement, so that both sums are of one moment.
        let sums = "SELECT (SELECT ifnull(sum(view_count), 0) FROM comic_views),
                           (SELECT ifnull(sum(views), 0) FROM daily_views)";
        let (counts, days): (i64, i64) =
            self.0.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(counts, days, "the sum of all counts is not that of all days");
        counts.try_into().unwrap()
    }

    /// The counts, whose sum has to be that of the days' views.
    #[track_caller]
    pub(crate) fn views_by_comic<N: From<u32>>(&self) -> BTreeMap<u32, N> {
        self.views();
        let mut select = self.0.prepare("SELECT comic_number, view_count FROM comic_views").unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, u32>(1)?.into()))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// How many rows each table has.
    pub(crate) fn rows(&self) -> BTreeMap<String, i64> {
        let mut select = self.0.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables: Vec<String> =
            select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let count = |table: &String| self.number(&format!("SELECT count(*) FROM {table}"));
        tables.into_iter().map(|table| (table.clone(), count(&table))).collect()
    }

    /// Does something to the data behind the app's back.
    pub(crate) fn run(&self, sql: &str) {
        self.0.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        self.0.execute_batch(sql).unwrap();
    }

    /// One number.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Keeps everybody else from writing, until the lock is dropped.
    pub(crate) fn lock(folder: &Path) -> Locked {
        let Self(connection) = Self::open(folder);
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Locked { _transaction: connection }
    }
}

/// The write lock of the database.
pub(crate) struct Locked {
    _transaction: Connection,
}
