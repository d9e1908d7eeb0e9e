//! The adapters against a real server, which `scripts/test` starts. Each test has a database of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod archiving;
mod contract;
mod counting;
mod database;
mod faults;
mod migrating;
mod passwords;
mod proxy;
mod starting;
