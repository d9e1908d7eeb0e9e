//! The release build with the servers of the cloud: PostgreSQL, Redis and the Parameter Store, healthy and
//! broken in every way that is promised to be survived.

mod counting;
mod faults;
mod impatience;
#[expect(clippy::duplicate_mod, reason = "its items are for a parent, and this is another one")]
#[path = "binary/load.rs"]
mod load;
mod outages;
mod parameter_store;
mod psql;
mod refusals;
mod server_process;
mod sessions;
mod site;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a test waits for what has no promised time.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// The servers for oneself: tests break them, and loads would disturb each other.
struct Turn {
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// A variable that `scripts/dev-stack` sets.
#[track_caller]
fn given(name: &str) -> String {
    let name = format!("XKCDAPP_TEST_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}
