//! The file: one line a batch, written whole or dropped.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewBatch;

use crate::counts::Counts;

time::serde::format_description!(iso_day, Date, "[year]-[month]-[day]");

/// A batch as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    writer: String,
    number: u64,
    #[serde(with = "iso_day")]
    day: Date,
    views: Vec<(u32, u32)>,
}

impl Line {
    fn new(batch: &ViewBatch, day: Date) -> Self {
        let views = batch.views().iter().map(|(comic, added)| (comic.get(), *added)).collect();
        Self { writer: batch.writer().to_string(), number: batch.number().get(), day, views }
    }

    fn into_batch(self) -> Result<ViewBatch, Box<dyn std::error::Error + Send + Sync>> {
        let views = self.views.into_iter().map(|(comic, added)| Ok((ComicNumber::try_from(comic)?, added)));
        let views = views.collect::<Result<BTreeMap<_, _>, xkcd_domain::comic::InvalidComicNumber>>()?;
        Ok(ViewBatch::new(self.writer.parse()?, self.number.try_into()?, views)?)
    }
}

/// Why the file can't be used. Nothing was written to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It can't be opened, made or read.
    #[error("the file of the views can't be opened")]
    Unavailable(#[from] io::Error),
    /// Another process has it.
    #[error("another process has the file of the views")]
    InUse,
    /// A line that was written whole is no batch.
    #[error("line {line} of the file of the views is not a batch")]
    Damaged {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

pub(crate) struct BatchLog {
    file: File,
    /// Where the last whole line ends. What may be behind it was never answered.
    end: u64,
}

impl BatchLog {
    /// Opens the file, or makes it, and reads it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Counts), OpenError> {
        let path = std::path::absolute(path)?;
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse,
            TryLockError::Error(error) => error.into(),
        })?;
        // A file is as durable as its name.
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
        let (end, counts) = read(&file)?;
        Ok((Self { file, end }, counts))
    }

    /// Writes a batch. After a failure it is not in the file, or will be gone from it before the next one.
    pub(crate) fn append(&mut self, batch: &ViewBatch) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line::new(batch, OffsetDateTime::now_utc().date()))?;
        line.push(b'\n');
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.end += line.len() as u64;
        Ok(())
    }
}

/// Where the last whole line ends, and what all lines add up to.
fn read(file: &File) -> Result<(u64, Counts), OpenError> {
    let (mut end, mut counts) = (0, Counts::default());
    let (mut reader, mut text) = (BufReader::new(file), Vec::new());
    for line in 1.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)?;
        if text.last() != Some(&b'\n') {
            break;
        }
        replay(&mut counts, &text).map_err(|cause| OpenError::Damaged { line, cause })?;
        end += length as u64;
    }
    Ok((end, counts))
}

fn replay(counts: &mut Counts, text: &[u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let batch = serde_json::from_slice::<Line>(text)?.into_batch()?;
    let totals = counts.after(&batch)?;
    counts.remember(&batch, &totals);
    Ok(())
}

#[cfg(test)]
mod tests {
    use xkcd_domain::views::{BatchNumber, WriterId};

    use super::*;

    #[test]
    fn what_a_failed_write_left_behind_is_gone_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.jsonl");
        let batch = ViewBatch::new(
            WriterId::from_random(7),
            BatchNumber::FIRST,
            BTreeMap::from([(ComicNumber::ONE, 3)]),
        );
        let (mut log, _) = BatchLog::open(&path).unwrap();
        std::fs::write(&path, "the longer half of a line that a full disk did not take: ".repeat(9)).unwrap();

        log.append(&batch.unwrap()).unwrap();
        drop(log);

        let (_, counts) = BatchLog::open(&path).unwrap();
        assert_eq!(counts.total(ComicNumber::ONE), Some(3.into()));
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }
}
