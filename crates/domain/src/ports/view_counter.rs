//! Where views are counted.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Cause;
use crate::comic::ComicNumber;
use crate::views::{ViewBatch, ViewCount};

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppliedBatch {
    /// The counts of the batch's comics as stored after it.
    pub totals: BTreeMap<ComicNumber, ViewCount>,
    /// Whether its views were added now; `false` for a batch that had been applied before.
    pub added: bool,
}

/// The durable, exact count of views.
///
/// ```
/// use xkcd_domain::ports::view_counter::{ViewCounter, ViewCounterError};
/// use xkcd_domain::views::ViewBatch;
///
/// /// Sends a batch until it is stored. It may have been at any attempt that failed: it counts once.
/// async fn store(counter: &dyn ViewCounter, batch: &ViewBatch) -> Result<(), ViewCounterError> {
///     loop {
///         match counter.apply(batch).await {
///             Ok(_applied) => return Ok(()),
///             Err(ViewCounterError::Unavailable(_)) => {} // A caller with a clock waits here.
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// # use std::collections::BTreeMap;
/// # use std::future::ready;
/// # use std::sync::Arc;
/// # use xkcd_domain::comic::ComicNumber;
/// # use xkcd_domain::faulty::{Call, Fault, Faulty};
/// # use xkcd_domain::ports::view_counter::{AppliedBatch, MockViewCounter};
/// # use xkcd_domain::views::{BatchNumber, WriterId};
/// # let mut mock = MockViewCounter::new();
/// # mock.expect_apply().times(2).returning(|_| Ok(AppliedBatch { totals: BTreeMap::new(), added: false }));
/// # let counter = Faulty::new(Arc::new(mock), |Call { nth, .. }| {
/// #     ready(if nth == 1 { Fault::LostAnswer } else { Fault::None })
/// # });
/// # let views = BTreeMap::from([(ComicNumber::ONE, 1)]);
/// # let batch = ViewBatch::new(WriterId::from_random(7), BatchNumber::FIRST, views).unwrap();
/// # futures_executor::block_on(store(&counter, &batch)).unwrap();
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait ViewCounter: Send + Sync + 'static {
    /// Adds a batch of views, and one row to the day's views of its writer.
    ///
    /// - All of it or nothing.
    /// - What was answered is on disk.
    /// - A batch counts only when its number is above every number applied of its writer; otherwise nothing
    ///   changes and the totals are given as they are. So a batch whose outcome is unknown may be sent again.
    /// - Batches of different writers may come at the same time: none is lost, and they never deadlock.
    /// - The sum of the days' views grows by the views of the batch.
    /// - `totals` has every comic of the batch and no other; a removed comic counts as zero.
    ///
    /// # Errors
    ///
    /// When the store can't be written: the batch may have been applied or not.
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError>;

    /// The counts of some comics.
    ///
    /// - A comic that was never viewed, or was removed since, is not in the answer.
    /// - A batch that is applied at the same time is seen wholly or not at all.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn totals(
        &self,
        comics: &[ComicNumber],
    ) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError>;

    /// The `limit` comics with the most views, most first, equal ones in ascending order of their numbers;
    /// never one without views.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn most_viewed(&self, limit: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewCounterError {
    /// It can't be reached or not be written: worth another try.
    #[error("the view store can't be reached")]
    Unavailable(#[source] Cause),
    /// It holds something that is no count.
    #[error("the view store holds something that is not a count")]
    Corrupt(#[source] Cause),
}
