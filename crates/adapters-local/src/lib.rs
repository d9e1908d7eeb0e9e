#![doc = include_str!("../README.md")]

mod built_in_comics;
mod local_secret_key;
mod map_secrets;
mod sqlite_account_store;
mod sqlite_comic_archive;
mod sqlite_session_store;
mod sqlite_sign_in_throttle;
mod sqlite_store;
mod sqlite_view_counter;
mod sqlite_view_ledger;

pub use built_in_comics::{BuiltInComics, Drawing};
pub use local_secret_key::{LocalSecretKeyError, local_secret_key};
pub use map_secrets::MapSecrets;
pub use sqlite_account_store::SqliteAccountStore;
pub use sqlite_comic_archive::SqliteComicArchive;
pub use sqlite_session_store::SqliteSessionStore;
pub use sqlite_sign_in_throttle::SqliteSignInThrottle;
pub use sqlite_store::{OpenError, SqliteConfig, SqliteStore, SqliteStoreError};
pub use sqlite_view_counter::SqliteViewCounter;
pub use sqlite_view_ledger::SqliteViewLedger;
