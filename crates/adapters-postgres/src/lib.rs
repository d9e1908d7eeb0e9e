#![doc = include_str!("../README.md")]

mod postgres_account_store;
mod postgres_comic_archive;
mod postgres_store;
mod postgres_view_counter;
mod postgres_view_ledger;

pub use postgres_account_store::PostgresAccountStore;
pub use postgres_comic_archive::PostgresComicArchive;
pub use postgres_store::{
    InvalidRoots, PASSWORD, PoolStatus, PostgresConfig, PostgresLimits, PostgresStore, PostgresStoreError,
    Roots, Schema, Tls,
};
pub use postgres_view_counter::PostgresViewCounter;
pub use postgres_view_ledger::PostgresViewLedger;
