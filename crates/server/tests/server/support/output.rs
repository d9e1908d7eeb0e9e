//! What has to be so of everything that any process writes.

use std::path::PathBuf;
use std::process::Child;

use serde_json::Value;

use super::lines::Lines;
use super::secrets;

/// What a process writes to standard output and to standard error, as it comes.
pub(super) struct Output {
    standard: Lines,
    errors: Lines,
    /// Where it keeps the key that it made.
    key: PathBuf,
}

impl Output {
    pub(super) fn of(child: &mut Child, key: PathBuf) -> Self {
        Self {
            standard: Lines::of(child.stdout.take().unwrap()),
            errors: Lines::of(child.stderr.take().unwrap()),
            key,
        }
    }

    pub(super) fn so_far(&self) -> (Vec<String>, Vec<String>) {
        (self.standard.so_far(), self.errors.so_far())
    }

    /// All of it, when the process has ended: without a secret, and without a panic.
    #[track_caller]
    pub(super) fn until_the_end(self) -> (Vec<String>, Vec<String>) {
        let (output, errors) = (self.standard.until_the_end(), self.errors.until_the_end());
        if !std::thread::panicking() {
            if let Ok(key) = std::fs::read_to_string(self.key) {
                secrets::keep(&key);
            }
            for lines in [&output, &errors] {
                secrets::assert_untold(lines);
                assert!(!lines.iter().any(|line| line.contains("panicked")), "{lines:?}");
            }
        }
        (output, errors)
    }
}

/// A line of the log: one JSON object, with its time and level.
#[track_caller]
pub(crate) fn log_line(line: &str) -> Value {
    let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    assert!(object["timestamp"].is_string() && object["level"].is_string(), "no line of the log: {line}");
    object
}
