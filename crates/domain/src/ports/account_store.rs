//! Where the accounts of the admin site are kept.

use async_trait::async_trait;

use super::Cause;
use crate::account::{Account, PasswordHash, Role, Username};

/// An account to be made; it is active.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// Its name.
    pub username: Username,
    /// What it may do.
    pub role: Role,
    /// The hash of its password.
    pub password_hash: PasswordHash,
}

/// The accounts.
///
/// ```
/// use xkcd_domain::account::Username;
/// use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError};
///
/// /// Locks somebody out: sessions that were made before are of an earlier epoch, and end.
/// async fn lock_out(
///     accounts: &dyn AccountStore,
///     name: &Username,
/// ) -> Result<&'static str, AccountStoreError> {
///     match accounts.set_active(name, false).await {
///         Ok(()) => Ok("done"),
///         Err(AccountStoreError::NotFound) => Ok("there is nobody of that name"),
///         Err(AccountStoreError::LastSuperuser) => Ok("nobody would be left to undo it"),
///         Err(error) => Err(error),
///     }
/// }
/// # use xkcd_domain::ports::account_store::MockAccountStore;
/// # let mut accounts = MockAccountStore::new();
/// # accounts.expect_set_active().returning(|_, _| Err(AccountStoreError::LastSuperuser));
/// # let told = futures_executor::block_on(lock_out(&accounts, &"ada".parse().unwrap())).unwrap();
/// # assert_eq!(told, "nobody would be left to undo it");
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// The account of a name; `None` when there is none. Upper and lower case make different names.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn find(&self, username: &Username) -> Result<Option<Account>, AccountStoreError>;

    /// All accounts, in the order of their names' bytes, which is that of [`Username`].
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn list(&self) -> Result<Vec<Account>, AccountStoreError>;

    /// Makes an account.
    ///
    /// # Errors
    ///
    /// [`AccountStoreError::Exists`] when the name is taken: the account that has it is left as it is.
    async fn create(&self, account: &NewAccount) -> Result<(), AccountStoreError>;

    /// Changes the password and raises the epoch, in one transaction.
    ///
    /// # Errors
    ///
    /// [`AccountStoreError::NotFound`] when there is no such account.
    async fn set_password(&self, username: &Username, hash: &PasswordHash) -> Result<(), AccountStoreError>;

    /// Changes the role and raises the epoch, in one transaction.
    ///
    /// # Errors
    ///
    /// [`AccountStoreError::NotFound`]; [`AccountStoreError::LastSuperuser`] when no active superuser would
    /// be left, also when two such changes come at the same time.
    async fn set_role(&self, username: &Username, role: Role) -> Result<(), AccountStoreError>;

    /// Activates or deactivates and raises the epoch, in one transaction.
    ///
    /// # Errors
    ///
    /// As [`AccountStore::set_role`].
    async fn set_active(&self, username: &Username, active: bool) -> Result<(), AccountStoreError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountStoreError {
    /// There is an account of that name.
    #[error("there is an account of that name")]
    Exists,
    /// There is no account of that name.
    #[error("there is no account of that name")]
    NotFound,
    /// The change would leave nobody who can do everything.
    #[error("the last active superuser must stay one")]
    LastSuperuser,
    /// It can't be reached or not be written: worth another try.
    #[error("the account store can't be reached")]
    Unavailable(#[source] Cause),
    /// It holds something that is no account.
    #[error("the account store holds something that is not an account")]
    Corrupt(#[source] Cause),
}
