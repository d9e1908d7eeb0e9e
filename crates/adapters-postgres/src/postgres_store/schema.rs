//! The schema: which version the database has, whether this release can use it, and how it gets there.

use refinery::Runner;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::causes::causes;
use super::{Columns, PostgresStoreError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The lock that migrators queue for: "xkcdapp" and a zero byte.
const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"xkcdapp\0");

/// The schema of the database, as it was when it was last looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schema {
    /// Its version, which may be newer than this release's own.
    pub version: i32,
}

/// What each session has to find before it is used: one row, or no table when there is no schema yet. The
/// last column has the rights that are missing.
const CHECK: &str = "
    SELECT version, serves_from, ARRAY(
        SELECT lower(privilege) || ' ' || name
        FROM unnest(ARRAY['comic_views', 'daily_views', 'view_writers', 'view_history', 'comics', 'last_save',
                          'fill_lease', 'accounts']) AS name,
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
        WHERE NOT has_table_privilege(to_regclass(name), privilege)
        UNION ALL
        SELECT 'use row_versions' WHERE NOT has_sequence_privilege(to_regclass('row_versions'), 'USAGE')
    ) FROM schema_compatibility";

/// Checks that this release can use the database: its schema, and the user's rights.
pub(super) async fn check(client: &Client) -> Result<Schema, PostgresStoreError> {
    let found = Found::of(client).await?;
    found.must_serve_us()?;
    match &found.missing_rights[..] {
        [] => Ok(Schema { version: found.version }),
        [what] => Err(PostgresStoreError::Forbidden { what: what.clone(), source: None }),
        [what, others @ ..] => {
            let what = format!("{what} (and {} more)", others.len());
            Err(PostgresStoreError::Forbidden { what, source: None })
        }
    }
}

struct Found {
    /// 0 when there is no schema.
    version: i32,
    serves_from: i32,
    missing_rights: Vec<String>,
}

impl Found {
    async fn of(client: &Client) -> Result<Self, PostgresStoreError> {
        let row = match client.query_one(CHECK, &[]).await {
            Ok(row) => row,
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
                return Ok(Self { version: 0, serves_from: 0, missing_rights: Vec::new() });
            }
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                let what = "look at the schema's version".to_owned();
                return Err(PostgresStoreError::Forbidden { what, source: Some(error.into()) });
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { version: row.column(0)?, serves_from: row.column(1)?, missing_rights: row.column(2)? })
    }

    fn must_serve_us(&self) -> Result<(), PostgresStoreError> {
        let (found, known) = (self.version, known_version());
        if found < known {
            Err(PostgresStoreError::SchemaOlder { found, known })
        } else if found > known && self.serves_from > known {
            Err(PostgresStoreError::SchemaNewer { found, known })
        } else {
            Ok(())
        }
    }
}

/// Brings the schema up to date. Migrators queue for a lock: each finds what the one before it left. A newer
/// schema that serves this release is left as it is.
pub(super) async fn migrate(client: &mut Client) -> Result<(), PostgresStoreError> {
    // The session's end frees it.
    client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).await?;
    let found = Found::of(client).await?;
    if found.version >= known_version() {
        return found.must_serve_us();
    }
    migrations().run_async(client).await.map(|_| ()).map_err(refused)
}

fn refused(error: refinery::Error) -> PostgresStoreError {
    let refusal = causes(&error).find_map(|it| it.downcast_ref::<tokio_postgres::Error>());
    if refusal.and_then(tokio_postgres::Error::code) == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        PostgresStoreError::Forbidden { what: "make tables".to_owned(), source: Some(error.into()) }
    } else {
        PostgresStoreError::Migration(error.into())
    }
}

fn migrations() -> Runner {
    // All in one transaction: an update that fails leaves the database as it was.
    embedded::migrations::runner().set_grouped(true)
}

/// The schema that this release makes.
fn known_version() -> i32 {
    migrations().get_migrations().iter().map(refinery::Migration::version).max().unwrap_or_default()
}
