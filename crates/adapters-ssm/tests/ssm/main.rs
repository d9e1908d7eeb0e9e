//! The provider against a stub of Parameter Store, and against moto's server.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what fails here fails a test")]

mod contract;
mod faults;
mod fixtures;
mod moto;
mod reading;
mod stub;
