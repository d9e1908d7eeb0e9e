//! The release build as a process: under load, faults and bad input, killed, stopped, and started wrongly.

mod counting;
mod crowding;
mod damage;
mod disk;
mod endings;
mod load;
mod locked_store;
mod logs;
mod settings;
mod start;
mod upstream;
mod verbs;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::support::Launch;

/// The release build, and the machine for oneself: times and loads would disturb each other.
struct Release {
    binary: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Release {
    #[track_caller]
    fn alone() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(binary) = std::env::var_os("XKCDAPP_TEST_BINARY") else {
            panic!("XKCDAPP_TEST_BINARY is not set: run scripts/test");
        };
        Self { binary: binary.into(), _turn: turn }
    }

    /// A process of it.
    fn launch(&self) -> Launch {
        Launch::of(&self.binary)
    }
}
