use std::thread;
use std::time::{Duration, Instant};

/// Waits for something to be there, looking every few milliseconds.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, at_most: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    const LOOK_EVERY: Duration = Duration::from_millis(5);
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < at_most, "after {at_most:?} still not so: {what}");
        thread::sleep(LOOK_EVERY);
    }
}

/// Waits for something to be so.
#[track_caller]
pub(crate) fn until(what: &str, at_most: Duration, mut condition: impl FnMut() -> bool) {
    eventually(what, at_most, || condition().then_some(()));
}
