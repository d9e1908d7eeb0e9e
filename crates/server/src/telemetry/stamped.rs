//! A writer of log lines that puts the same members in front of those of every JSON object.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

/// Makes writers that stamp each line.
pub(super) struct Stamped<M> {
    lines: M,
    members: String,
}

impl<M> Stamped<M> {
    /// `members` have a comma at the end, or are none.
    pub(super) fn new(lines: M, members: String) -> Self {
        Self { lines, members }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Stamped<M> {
    type Writer = StampedLine<'a, M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        StampedLine { line: self.lines.make_writer(), members: &self.members }
    }
}

/// Writes lines, each of which comes as one piece.
pub(super) struct StampedLine<'a, W> {
    line: W,
    members: &'a str,
}

impl<W: Write> Write for StampedLine<'_, W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match text.strip_prefix(b"{") {
            Some(rest) if !self.members.is_empty() => {
                // In one piece as well: a line that is dropped for a slow reader is dropped whole.
                self.line.write_all(&[b"{", self.members.as_bytes(), rest].concat())?;
                Ok(text.len())
            }
            _ => self.line.write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.line.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(members: &str, text: &str) -> String {
        let mut line = StampedLine { line: Vec::new(), members };
        line.write_all(text.as_bytes()).unwrap();
        String::from_utf8(line.line).unwrap()
    }

    #[test]
    fn an_object_gets_the_members_and_other_text_stays() {
        assert_eq!(stamped("\"a\":1,", "{\"b\":2}\n"), "{\"a\":1,\"b\":2}\n");
        assert_eq!(stamped("", "{\"b\":2}\n"), "{\"b\":2}\n");
        assert_eq!(stamped("\"a\":1,", "text {\n"), "text {\n");
    }
}
