//! The schema: whose file it is, which version it has, whether it is sound.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use refinery::Runner;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::OpenError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Marks a file as ours, in its header: "xkcd".
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"xkcd");

/// Makes a whole database at a path where there is none; errors name it `file`. Only this user can read it: it
/// will hold password hashes.
pub(super) fn create(path: &Path, file: &Path) -> Result<(), OpenError> {
    let refused = |source| OpenError::from_sqlite(file, source);
    // SQLite gives its other files the mode of this one.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| OpenError::Unwritable { file: file.to_owned(), source: source.into() })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(refused)?;
    // Nobody else sees the file yet: what matters is that all of it is on disk in the end.
    connection.pragma_update(None, "journal_mode", "MEMORY").map_err(refused)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(refused)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(refused)?;
    migrate(&mut connection, file)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(refused)?;
    connection.close().map_err(|(_, source)| refused(source))
}

/// Checks that an existing file is ours, and sound where it counts; brings its schema up to date. Gives the
/// version of the schema.
pub(super) fn check(connection: &mut Connection, path: &Path) -> Result<i64, OpenError> {
    let refused = |source| OpenError::from_sqlite(path, source);
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(refused)?;
    if id != APPLICATION_ID {
        return Err(OpenError::NotOurs { file: path.to_owned() });
    }
    // The counts alone: they are what a page shows. The whole file would take longer with every year of
    // history, and damage elsewhere shows itself when it is read.
    for table in ["view_writers", "daily_views", "comic_views"] {
        if let Some(finding) = damage(connection, Some(table)).map_err(refused)? {
            return Err(OpenError::Damaged { file: path.to_owned(), finding });
        }
    }
    bring_up_to_date(connection, path)
}

fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<i64, OpenError> {
    let refused = |source| OpenError::from_sqlite(path, source);
    let known = known_version();
    let mut found = Compatibility::of(connection).map_err(refused)?;
    if found.version < known {
        let migrated = migrate(connection, path);
        found = Compatibility::of(connection).map_err(refused)?;
        // Of two processes that migrate together the second fails as a whole: what counts is what is there.
        if found.version < known {
            migrated?;
        }
    }
    if found.version > known && found.serves_from > known {
        return Err(OpenError::TooNew { file: path.to_owned(), found: found.version, known });
    }
    Ok(found.version)
}

/// What `PRAGMA quick_check` finds in a table, or in the whole file.
pub(super) fn damage(connection: &Connection, table: Option<&str>) -> rusqlite::Result<Option<String>> {
    let only = table.map(|table| format!("('{table}')")).unwrap_or_default();
    let finding: String = connection.query_row(&format!("PRAGMA quick_check{only}"), [], |row| row.get(0))?;
    Ok((finding != "ok").then_some(finding))
}

struct Compatibility {
    version: i64,
    serves_from: i64,
}

impl Compatibility {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row("SELECT version, serves_from FROM schema_compatibility", [], |row| {
            Ok(Self { version: row.get(0)?, serves_from: row.get(1)? })
        })
    }
}

fn migrations() -> Runner {
    // All in one transaction: an update that fails leaves the file as it was.
    embedded::migrations::runner().set_grouped(true)
}

/// The schema that this release makes.
fn known_version() -> i64 {
    migrations().get_migrations().iter().map(|it| i64::from(it.version())).max().unwrap_or_default()
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    // Two that migrate at once queue for the lock instead of failing when they upgrade theirs.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let applied = migrations().run(connection);
    connection.set_transaction_behavior(TransactionBehavior::Deferred);
    applied.map(|_| ()).map_err(|source| OpenError::from_migration(path, source))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn those_that_migrate_together_all_end_with_the_new_schema() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("old.db");
            let old = "PRAGMA journal_mode = WAL; CREATE TABLE refinery_schema_history (
                version INTEGER PRIMARY KEY, name TEXT, applied_on TEXT, checksum TEXT);";
            Connection::open(&path).unwrap().execute_batch(old).unwrap();
            let start = Barrier::new(4);
            let outcomes: Vec<_> = thread::scope(|scope| {
                let migrating: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            let mut connection = Connection::open(&path).unwrap();
                            start.wait();
                            let migrated = migrate(&mut connection, &path);
                            (migrated, Compatibility::of(&connection).unwrap().version)
                        })
                    })
                    .collect();
                migrating.into_iter().map(|it| it.join().unwrap()).collect()
            });

            assert!(outcomes.iter().any(|(migrated, _)| migrated.is_ok()));
            assert!(outcomes.iter().all(|(_, version)| *version == known_version()));
        }
    }

    #[test]
    fn the_last_migration_says_its_own_version_and_serves_no_future_release() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("memory")).unwrap();

        let compatibility = Compatibility::of(&connection).unwrap();

        assert_eq!(compatibility.version, known_version());
        assert!((1..=compatibility.version).contains(&compatibility.serves_from));
    }
}
