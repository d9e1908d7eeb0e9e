//! A gzip file around a text that changes, without compressing anew what stays (RFC 1951 and 1952).
//!
//! What is before and after the text is compressed once, each by itself. The text goes between them as it is: a
//! block of DEFLATE that is stored.

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Identification, DEFLATE, no flags, no time, the best compression, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
/// The checksum of the whole, and its length.
const TRAILER: usize = 8;
/// How a stored block begins that is not the last: a byte, and the length twice.
const STORED: usize = 5;

/// The blocks before and after a text.
#[derive(Debug)]
pub(super) struct SplitGzip {
    before: Box<[u8]>,
    after: Box<[u8]>,
}

impl SplitGzip {
    pub(super) fn new(before: &[u8], after: &[u8]) -> Self {
        Self { before: deflated(before, false).into(), after: deflated(after, true).into() }
    }

    /// The file. `before` and `after` are what this was made of; `between` has at most 65,535 bytes.
    pub(super) fn around(&self, before: &[u8], between: &[u8], after: &[u8]) -> Vec<u8> {
        let length = HEADER.len() + self.before.len() + STORED + between.len() + self.after.len() + TRAILER;
        let mut file = Vec::with_capacity(length);
        file.extend_from_slice(&HEADER);
        file.extend_from_slice(&self.before);
        let stored = u16::try_from(between.len());
        debug_assert!(stored.is_ok(), "it does not fit into one block");
        let stored = stored.unwrap_or(u16::MAX);
        file.push(0);
        file.extend_from_slice(&stored.to_le_bytes());
        file.extend_from_slice(&(!stored).to_le_bytes());
        file.extend_from_slice(between);
        file.extend_from_slice(&self.after);
        let mut checksum = Crc::new();
        for text in [before, between, after] {
            checksum.update(text);
        }
        file.extend_from_slice(&checksum.sum().to_le_bytes());
        file.extend_from_slice(&checksum.amount().to_le_bytes());
        file
    }
}

/// Whole blocks that refer to nothing before them, up to the boundary of a byte.
fn deflated(text: &[u8], is_last: bool) -> Vec<u8> {
    let deflate = || -> io::Result<Vec<u8>> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text)?;
        if is_last {
            return encoder.finish();
        }
        encoder.flush()?;
        Ok(encoder.get_ref().clone())
    };
    // A vector takes whatever is written to it.
    deflate().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_three_texts_are_one_file(
            before in prop::collection::vec(any::<u8>(), 0..5_000),
            between in prop::collection::vec(any::<u8>(), 0..200),
            after in "[a-f]{0,5000}",
        ) {
            let file = SplitGzip::new(&before, after.as_bytes()).around(&before, &between, after.as_bytes());
            let mut decoder = GzDecoder::new(&file[..]);
            let mut text = Vec::new();
            decoder.read_to_end(&mut text).unwrap();
            prop_assert_eq!(text, [&before, &between, after.as_bytes()].concat());
            prop_assert!(decoder.into_inner().is_empty(), "something comes after the file");
        }
    }
}
