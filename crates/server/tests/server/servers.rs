//! The release build with the servers of the cloud: PostgreSQL, Redis and the Parameter Store, healthy and
//! broken in every way that is promised to be survived.

mod admin;
mod counting;
mod descriptors;
mod faults;
mod impatience;
mod measured;
mod outages;
mod parameter_store;
mod psql;
mod refusals;
mod server_process;
mod sessions;
mod site;
mod verbosity;

use crate::support::Release;

/// How long a test waits for what has no promised time.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// The servers for oneself: tests break them, and loads would disturb each other.
struct Turn {
    _turn: Release,
}

impl Turn {
    fn take() -> Self {
        Self { _turn: Release::alone() }
    }
}

/// A variable that `scripts/dev-stack` sets.
#[track_caller]
fn given(name: &str) -> String {
    let name = format!("XKCDAPP_TEST_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}
