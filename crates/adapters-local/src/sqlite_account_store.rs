//! Accounts in the SQLite file.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use xkcd_domain::account::{Account, PasswordHash, Role, SessionEpoch, Username};
use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError, NewAccount};

use crate::sqlite_store::{Columns, SqliteStore};

/// The [`AccountStore`] of the SQLite file.
pub struct SqliteAccountStore {
    store: SqliteStore,
}

impl SqliteAccountStore {
    /// Keeps accounts in an open file.
    #[must_use]
    pub const fn new(store: SqliteStore) -> Self {
        Self { store }
    }

    /// Changes an account and raises its epoch, unless that would leave no active superuser.
    async fn change(
        &self,
        username: &Username,
        change: impl FnOnce(&mut Account) + Send + 'static,
    ) -> Result<(), AccountStoreError> {
        let username = username.clone();
        self.store
            .write(move |transaction| {
                let Some(before) = find(transaction, &username)? else {
                    return Ok(Err(AccountStoreError::NotFound));
                };
                let mut after = before.clone();
                change(&mut after);
                let gives_up = before.is_active_superuser() && !after.is_active_superuser();
                // Write transactions come one after the other, so nobody else gives up meanwhile.
                if gives_up && !another_superuser_is_active(transaction, &username)? {
                    return Ok(Err(AccountStoreError::LastSuperuser));
                }
                update(transaction, &after)?;
                Ok(Ok(()))
            })
            .await?
    }
}

#[async_trait]
impl AccountStore for SqliteAccountStore {
    async fn find(&self, username: &Username) -> Result<Option<Account>, AccountStoreError> {
        let username = username.clone();
        Ok(self.store.read(move |transaction| find(transaction, &username)).await?)
    }

    async fn list(&self) -> Result<Vec<Account>, AccountStoreError> {
        let list = |transaction: &Transaction<'_>| {
            transaction
                .prepare_cached(
                    "SELECT username, role, active, password_hash, session_epoch FROM accounts
                     ORDER BY username",
                )?
                .query_map([], account)?
                .collect()
        };
        Ok(self.store.read(list).await?)
    }

    async fn create(&self, account: &NewAccount) -> Result<(), AccountStoreError> {
        let NewAccount { username, role, password_hash } = account.clone();
        let create = move |transaction: &Transaction<'_>| {
            transaction
                .prepare_cached(
                    "INSERT INTO accounts (username, role, active, password_hash, session_epoch)
                     VALUES (?1, ?2, TRUE, ?3, 0) ON CONFLICT DO NOTHING",
                )?
                .execute(params![username.as_str(), role.as_str(), password_hash.expose()])
        };
        let created = self.store.write(create).await?;
        if created == 0 { Err(AccountStoreError::Exists) } else { Ok(()) }
    }

    async fn set_password(&self, username: &Username, hash: &PasswordHash) -> Result<(), AccountStoreError> {
        let hash = hash.clone();
        self.change(username, |account| account.password_hash = hash).await
    }

    async fn set_role(&self, username: &Username, role: Role) -> Result<(), AccountStoreError> {
        self.change(username, move |account| account.role = role).await
    }

    async fn set_active(&self, username: &Username, active: bool) -> Result<(), AccountStoreError> {
        self.change(username, move |account| account.active = active).await
    }
}

fn find(transaction: &Transaction<'_>, username: &Username) -> rusqlite::Result<Option<Account>> {
    transaction
        .prepare_cached(
            "SELECT username, role, active, password_hash, session_epoch FROM accounts WHERE username = ?1",
        )?
        .query_row([username.as_str()], account)
        .optional()
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        username: row.parsed(0)?,
        role: row.parsed(1)?,
        active: row.get(2)?,
        password_hash: PasswordHash::new(row.get_ref(3)?.as_str()?),
        epoch: SessionEpoch(row.get(4)?),
    })
}

fn another_superuser_is_active(transaction: &Transaction<'_>, username: &Username) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM accounts WHERE username <> ?1 AND active AND role = ?2)",
        )?
        .query_row([username.as_str(), Role::Superuser.as_str()], |row| row.get(0))
}

fn update(transaction: &Transaction<'_>, account: &Account) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE accounts SET role = ?2, active = ?3, password_hash = ?4, session_epoch = session_epoch + 1
             WHERE username = ?1",
        )?
        .execute(params![
            account.username.as_str(),
            account.role.as_str(),
            account.active,
            account.password_hash.expose()
        ])?;
    Ok(())
}
