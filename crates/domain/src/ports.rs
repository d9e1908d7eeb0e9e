//! What the app needs of the outside world: one trait per role, each with its own error.
//!
//! The clauses beside each method are the port's contract. The suites in `contract` (feature
//! `contract`) check them one by one on any adapter. With feature `mock` each port has a mock beside it, such
//! as `MockViewCounter`, for callers' tests of failures and of calls that must not be made. With feature
//! `faulty` a `Faulty` before any adapter fails, hangs and loses answers as a test says.
//! Every call ends within a time that the adapter bounds; dropping a call's future harms nothing but the
//! answer.

pub mod account_store;
pub mod comic_archive;
pub mod comic_source;
pub mod secret_provider;
pub mod session_store;
pub mod sign_in_throttle;
pub mod view_counter;
pub mod view_ledger;

/// The cause of a port's failure, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
