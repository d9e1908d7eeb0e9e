//! What an answer, its page and its log line have in common.

use std::fmt;

/// 64 random bits as 16 hexadecimal digits. Made here and never taken from a client, who could send anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RequestId(String);

impl RequestId {
    pub(super) fn random() -> Self {
        Self(format!("{:016x}", rand::random::<u64>()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
