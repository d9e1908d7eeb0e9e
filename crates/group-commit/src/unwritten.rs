//! Views that outlived their process: a batch as one line of the log, and back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::{BatchNumber, InvalidBatch, ViewBatch};

/// What marks the line among all others of a log.
pub(crate) const EVENT: &str = "views.unwritten";
/// How the line says so: in a text that another line quotes, the quotation marks are escaped.
const EVENT_FIELD: &str = r#""event":"views.unwritten""#;

/// A batch that could not be written before the process ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnwrittenBatch {
    /// The batch; a line holds all of it, never a part.
    pub batch: ViewBatch,
    /// When it was given up, by the clock of the process.
    pub at: OffsetDateTime,
}

/// The line as JSON. A key too many, too few or twice is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    #[serde(rename = "level")]
    _level: String,
    #[serde(rename = "event")]
    _event: String,
    writer: String,
    batch: u64,
    views: String,
}

/// What tells whose line an object of a log is.
#[derive(Deserialize)]
struct AnyLine {
    event: Option<serde_json::Value>,
}

impl UnwrittenBatch {
    /// One JSON object on one line, without a line break: `timestamp` (RFC 3339, UTC), `level` (`ERROR`),
    /// `event` (`views.unwritten`), `writer`, `batch` (its number) and `views`, comic by comic as
    /// `"353:2,1000001:1"`. At most 12 KB, since a batch holds at most 500 comics.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Only a year that RFC 3339 can't say has no form. The views are on the line all the same.
        let timestamp = self.at.checked_to_utc().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
        let (writer, number) = (self.batch.writer(), self.batch.number());
        let mut views = String::new();
        for (comic, count) in self.batch.views() {
            let comma = if views.is_empty() { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(views, "{comma}{comic}:{count}");
        }
        // No value holds a character that JSON escapes.
        format!(
            r#"{{"timestamp":"{timestamp}","level":"ERROR",{EVENT_FIELD},"writer":"{writer}","batch":{number},"views":"{views}"}}"#
        )
    }

    /// Reads a line of a log, which may have a prefix that an exporter put before the object. `None` for
    /// any line that is not of unwritten views.
    ///
    /// # Errors
    ///
    /// When the line is of unwritten views, but damaged or changed: cut off, out of order, a comic twice, a
    /// count of zero, a number too large, and the like.
    pub fn from_line(line: &str) -> Result<Option<Self>, InvalidLine> {
        if !line.contains(EVENT) {
            return Ok(None);
        }
        // The first object that reaches to the line's end is the one that was logged.
        let from_braces = line.match_indices('{').filter_map(|(at, _)| line.get(at..));
        let objects = from_braces.map(|rest| (rest, serde_json::from_str::<AnyLine>(rest)));
        for (object, parsed) in objects {
            let Ok(AnyLine { event }) = parsed else { continue };
            let ours = event.is_some_and(|event| event == EVENT);
            return if ours { parse(object).map(Some) } else { Ok(None) };
        }
        if line.contains(EVENT_FIELD) { Err(InvalidLine::Incomplete) } else { Ok(None) }
    }
}

fn parse(object: &str) -> Result<UnwrittenBatch, InvalidLine> {
    let line: Line = serde_json::from_str(object).map_err(InvalidLine::Fields)?;
    let writer = line.writer.parse()?;
    let number = BatchNumber::try_from(line.batch)?;
    let batch = ViewBatch::new(writer, number, parse_views(&line.views)?)?;
    Ok(UnwrittenBatch { batch, at: line.timestamp })
}

fn parse_views(text: &str) -> Result<BTreeMap<ComicNumber, u32>, InvalidLine> {
    let mut views = BTreeMap::new();
    for entry in text.split(',') {
        let (comic, count) = parse_entry(entry).ok_or(InvalidLine::Entry)?;
        if views.last_key_value().is_some_and(|(last, _)| *last >= comic) {
            return Err(InvalidLine::Order(comic));
        }
        views.insert(comic, count);
    }
    Ok(views)
}

/// Reads `353:2`, in the form that it was written in and no other.
fn parse_entry(entry: &str) -> Option<(ComicNumber, u32)> {
    let (comic, count) = entry.split_once(':')?;
    let canonical = count.bytes().all(|byte| byte.is_ascii_digit()) && !count.starts_with('0');
    let count = canonical.then(|| count.parse().ok()).flatten()?;
    Some((comic.parse().ok()?, count))
}

/// Why a line of unwritten views can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLine {
    /// There is no whole JSON object in it.
    #[error("the line of unwritten views is cut off or not JSON")]
    Incomplete,
    /// A field is missing, too many, there twice or of the wrong kind.
    #[error("the line of unwritten views does not have the fields it was written with")]
    Fields(#[source] serde_json::Error),
    /// A view is not a comic's number and a count of at least one.
    #[error("the views are not comic numbers with counts, as in 353:2,1000001:1")]
    Entry,
    /// A comic is listed twice or out of order.
    #[error("comic {0} is listed twice or out of order")]
    Order(ComicNumber),
    /// The writer, the number or the size of the batch is not one that a process writes.
    #[error("the batch is not one that was written by this app")]
    Batch(#[from] InvalidBatch),
}
