//! Counts of views in memory, as visitors add to them and as admins see them.

mod counting;
mod keeping;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use time::macros::date;
use time::{Date, OffsetDateTime};
use xkcd_domain::account::Username;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::contract::view_ledger::LedgerSubject;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::ports::view_ledger::{Change, HistoryEntry, LedgerRow, RowVersion};
use xkcd_domain::views::{ViewCount, WriterId};

use crate::flaw::Flaw;

const TODAY: Date = date!(2026 - 11 - 25);

pub(crate) fn counter(flaw: Flaw) -> Arc<dyn ViewCounter> {
    Arc::new(FlawedViews { flaw, state: Mutex::default() })
}

pub(crate) fn ledger(flaw: Flaw) -> LedgerSubject {
    let views = Arc::new(FlawedViews { flaw, state: Mutex::default() });
    LedgerSubject { ledger: views.clone(), counter: views }
}

struct FlawedViews {
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<ComicNumber, Row>,
    /// The order in which comics were first viewed.
    arrivals: Vec<ComicNumber>,
    versions: i64,
    writers: BTreeMap<WriterId, Writer>,
    /// Whether somebody is in the middle of a batch.
    busy: bool,
    days: BTreeMap<Date, u64>,
    history: Vec<HistoryEntry>,
    removed: BTreeMap<ComicNumber, u64>,
    added: BTreeSet<ComicNumber>,
}

#[derive(Clone, Copy)]
struct Row {
    views: u64,
    version: i64,
}

#[derive(Clone, Default)]
struct Writer {
    last: u64,
    comics: Vec<ComicNumber>,
    totals: BTreeMap<ComicNumber, ViewCount>,
}

fn count(views: u64) -> ViewCount {
    views.try_into().unwrap()
}

impl State {
    fn next_version(&mut self) -> i64 {
        self.versions += 1;
        self.versions
    }

    fn views(&self, comic: ComicNumber) -> u64 {
        self.rows.get(&comic).map_or(0, |row| row.views)
    }

    fn row(&self, comic: ComicNumber) -> Option<LedgerRow> {
        let row = self.rows.get(&comic)?;
        Some(LedgerRow { comic, views: count(row.views), version: RowVersion(row.version) })
    }

    fn record(&mut self, by: &Username, comic: ComicNumber, change: Change, delta: i64) {
        let id = i64::try_from(self.history.len()).unwrap() + 1;
        let at = OffsetDateTime::from_unix_timestamp(id).unwrap();
        self.history.push(HistoryEntry { id, at, by: by.clone(), comic, change, delta });
    }
}
