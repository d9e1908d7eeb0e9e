//! The release build, for one test at a time.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Launch;

/// The release build, and the machine for oneself: times and loads would disturb each other.
pub(crate) struct Release {
    pub(crate) binary: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Release {
    #[track_caller]
    pub(crate) fn alone() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(binary) = std::env::var_os("XKCDAPP_TEST_BINARY") else {
            panic!("XKCDAPP_TEST_BINARY is not set: run scripts/test");
        };
        Self { binary: binary.into(), _turn: turn }
    }

    /// A process of it.
    pub(crate) fn launch(&self) -> Launch {
        Launch::of(&self.binary)
    }
}
