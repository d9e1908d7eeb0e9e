//! What the lines of the file add up to.

use std::collections::BTreeMap;

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::{BatchNumber, InvalidViewCount, ViewBatch, ViewCount, WriterId};

#[derive(Default)]
pub(crate) struct Counts {
    views: BTreeMap<ComicNumber, ViewCount>,
    last: BTreeMap<WriterId, BatchNumber>,
}

impl Counts {
    /// Whether the batch adds anything: its number is above all that were added of its writer.
    pub(crate) fn is_new(&self, batch: &ViewBatch) -> bool {
        self.last.get(&batch.writer()).is_none_or(|last| batch.number() > *last)
    }

    /// The counts of the batch's comics as they are.
    pub(crate) fn of(&self, batch: &ViewBatch) -> BTreeMap<ComicNumber, ViewCount> {
        batch.views().iter().map(|(comic, _)| (*comic, self.total(*comic).unwrap_or_default())).collect()
    }

    /// The counts of the batch's comics as they would be after it.
    pub(crate) fn after(
        &self,
        batch: &ViewBatch,
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, InvalidViewCount> {
        let views = batch.views().iter().map(|(comic, added)| {
            let count = self.total(*comic).unwrap_or_default().get() + u64::from(*added);
            Ok((*comic, ViewCount::try_from(count)?))
        });
        views.collect()
    }

    /// Remembers a batch, and what [`Self::after`] said of it.
    pub(crate) fn remember(&mut self, batch: &ViewBatch, totals: &BTreeMap<ComicNumber, ViewCount>) {
        self.last.insert(batch.writer(), batch.number());
        self.views.extend(totals);
    }

    pub(crate) fn total(&self, comic: ComicNumber) -> Option<ViewCount> {
        self.views.get(&comic).copied()
    }

    pub(crate) fn most_viewed(&self, limit: usize) -> Vec<(ComicNumber, ViewCount)> {
        let mut ranked: Vec<_> = self.views.iter().map(|(comic, views)| (*comic, *views)).collect();
        // Stable: comics of equal views stay in the order of their numbers.
        ranked.sort_by_key(|(_, views)| std::cmp::Reverse(*views));
        ranked.truncate(limit);
        ranked
    }
}
