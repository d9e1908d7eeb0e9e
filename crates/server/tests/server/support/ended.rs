use std::time::Duration;

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) output: Vec<String>,
    pub(crate) errors: Vec<String>,
    /// How long it took to end, since it was started or told to stop.
    pub(crate) took: Duration,
}

impl Ended {
    /// What it said to people.
    pub(crate) fn message(&self) -> String {
        self.errors.join("\n")
    }

    /// It refused with one message, which is not a panic's, and did not serve.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: i32, words: &[&str]) {
        let message = self.message();
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(message.starts_with("xkcdapp: ") && message.matches("xkcdapp: ").count() == 1, "{message}");
        assert!(!message.contains("panicked") && !message.contains("RUST_BACKTRACE"), "{message}");
        assert!(!self.output.iter().any(|line| line.contains("server.listening")), "{self:?}");
        for word in words {
            assert!(message.contains(word), "no {word:?} in {message}");
        }
    }
}
