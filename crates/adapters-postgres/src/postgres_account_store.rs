//! Accounts in PostgreSQL.

use async_trait::async_trait;
use tokio_postgres::Row;
use xkcd_domain::account::{Account, PasswordHash, Role, SessionEpoch, Username};
use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError, NewAccount};

use crate::postgres_store::{Columns, PostgresStore, PostgresStoreError, Statement};

/// The [`AccountStore`] of a PostgreSQL database.
pub struct PostgresAccountStore {
    store: PostgresStore,
}

const FIND: &str =
    "SELECT username, role, active, password_hash, session_epoch FROM accounts WHERE username = $1";

/// The column's collation makes it the order of bytes.
const LIST: &str =
    "SELECT username, role, active, password_hash, session_epoch FROM accounts ORDER BY username";

const CREATE: &str = "
    INSERT INTO accounts (username, role, active, password_hash, session_epoch) VALUES ($1, $2, TRUE, $3, 0)
    ON CONFLICT DO NOTHING RETURNING TRUE";

/// Gives no row without such an account, otherwise whether the change was refused because it would leave no
/// active superuser.
///
/// It locks all superusers, in order: of two who step down at once the second one waits here, and then sees
/// that the first is none any more.
const CHANGE: &str = "
    WITH locked AS MATERIALIZED (
        SELECT username, active AND role = 'superuser' AS is_superuser,
               coalesce($2, role) AS role, coalesce($3, active) AS active
        FROM accounts WHERE username = $1 OR (active AND role = 'superuser') ORDER BY username FOR UPDATE
    ), judged AS (
        SELECT is_superuser AND NOT (active AND role = 'superuser') AND NOT EXISTS (
            SELECT FROM locked AS other WHERE other.username <> $1 AND other.is_superuser
        ) AS refused FROM locked WHERE username = $1
    ), changed AS (
        UPDATE accounts SET role = coalesce($2, role), active = coalesce($3, active),
            password_hash = coalesce($4, password_hash), session_epoch = session_epoch + 1
        FROM judged WHERE username = $1 AND NOT refused
    )
    SELECT refused FROM judged";

#[derive(Default)]
struct Change {
    role: Option<&'static str>,
    active: Option<bool>,
    password_hash: Option<String>,
}

impl PostgresAccountStore {
    /// Keeps accounts in a database.
    #[must_use]
    pub const fn new(store: PostgresStore) -> Self {
        Self { store }
    }

    /// Changes an account and raises its epoch, unless that would leave no active superuser. Done twice it
    /// raises the epoch twice, which ends the same sessions.
    async fn change(&self, username: &Username, change: Change) -> Result<(), AccountStoreError> {
        let statement = Statement::repeatable(CHANGE)
            .bind(username.as_str().to_owned())
            .bind(change.role)
            .bind(change.active)
            .bind(change.password_hash);
        let rows = self.store.run(statement).await?;
        let row = rows.first().ok_or(AccountStoreError::NotFound)?;
        if row.column(0)? { Err(AccountStoreError::LastSuperuser) } else { Ok(()) }
    }
}

#[async_trait]
impl AccountStore for PostgresAccountStore {
    async fn find(&self, username: &Username) -> Result<Option<Account>, AccountStoreError> {
        let rows = self.store.run(Statement::repeatable(FIND).bind(username.as_str().to_owned())).await?;
        Ok(rows.first().map(account).transpose()?)
    }

    async fn list(&self) -> Result<Vec<Account>, AccountStoreError> {
        let rows = self.store.run(Statement::repeatable(LIST)).await?;
        Ok(rows.iter().map(account).collect::<Result<_, _>>()?)
    }

    async fn create(&self, account: &NewAccount) -> Result<(), AccountStoreError> {
        let NewAccount { username, role, password_hash } = account;
        let statement = Statement::once(CREATE)
            .bind(username.as_str().to_owned())
            .bind(role.as_str())
            .bind(password_hash.expose().to_owned());
        let created = self.store.run(statement).await?;
        if created.is_empty() { Err(AccountStoreError::Exists) } else { Ok(()) }
    }

    async fn set_password(&self, username: &Username, hash: &PasswordHash) -> Result<(), AccountStoreError> {
        let password_hash = Some(hash.expose().to_owned());
        self.change(username, Change { password_hash, ..Change::default() }).await
    }

    async fn set_role(&self, username: &Username, role: Role) -> Result<(), AccountStoreError> {
        self.change(username, Change { role: Some(role.as_str()), ..Change::default() }).await
    }

    async fn set_active(&self, username: &Username, active: bool) -> Result<(), AccountStoreError> {
        self.change(username, Change { active: Some(active), ..Change::default() }).await
    }
}

fn account(row: &Row) -> Result<Account, PostgresStoreError> {
    Ok(Account {
        username: row.parsed(0)?,
        role: row.parsed(1)?,
        active: row.column(2)?,
        password_hash: PasswordHash::new(row.column(3)?),
        epoch: SessionEpoch(row.column(4)?),
    })
}
