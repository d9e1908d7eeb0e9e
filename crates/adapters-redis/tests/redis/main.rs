//! The adapters against real servers, in good order and not.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what fails here fails a test")]

mod contract;
mod faults;
mod fixtures;
mod keys;
mod lost_connections;
mod redis_server;
mod refusals;
mod throttle;
