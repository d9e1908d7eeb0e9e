//! The admin's side of the counts: to see them, to correct them, to know who did.

use async_trait::async_trait;
use time::{Date, OffsetDateTime};

use super::Cause;
use crate::account::Username;
use crate::comic::ComicNumber;
use crate::views::ViewCount;

/// Identifies a state of a row as admins left it: views don't change it, adjustments do. A comic whose row
/// was removed and came back has a version that it never had before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RowVersion(pub i64);

/// A comic's count as an admin sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerRow {
    /// The comic.
    pub comic: ComicNumber,
    /// Its views.
    pub views: ViewCount,
    /// What an adjustment of it must name.
    pub version: RowVersion,
}

/// How rows are ordered. Rows of equal views are in ascending order of their numbers where the views
/// ascend, descending where they descend.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LedgerOrder {
    /// By number, lowest first.
    #[default]
    NumberAscending,
    /// By number, highest first.
    NumberDescending,
    /// By views, fewest first.
    ViewsAscending,
    /// By views, most first.
    ViewsDescending,
}

/// A place in the list: the row that stood there when it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerCursor {
    /// The row's comic.
    pub comic: ComicNumber,
    /// The row's views at that time.
    pub views: ViewCount,
}

impl From<&LedgerRow> for LedgerCursor {
    fn from(row: &LedgerRow) -> Self {
        Self { comic: row.comic, views: row.views }
    }
}

/// Which page of the list is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LedgerPage {
    /// The first one.
    #[default]
    First,
    /// The one that begins behind a row.
    After(LedgerCursor),
    /// The one that ends before a row.
    Before(LedgerCursor),
}

/// Which rows are wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerQuery {
    /// Only rows with at least so many views.
    pub least_views: Option<ViewCount>,
    /// Only rows with at most so many views.
    pub most_views: Option<ViewCount>,
    /// Only rows of these comics.
    pub only: Option<Vec<ComicNumber>>,
    /// The order.
    pub order: LedgerOrder,
    /// The page.
    pub page: LedgerPage,
    /// How many rows at most.
    pub limit: u32,
}

/// Rows of the list, in the order asked for, and what lies around them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerList {
    /// The rows.
    pub rows: Vec<LedgerRow>,
    /// Whether there are rows before the first one.
    pub more_before: bool,
    /// Whether there are rows behind the last one.
    pub more_after: bool,
}

/// A correction: the admin saw one count and wants another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adjustment {
    /// The comic.
    pub comic: ComicNumber,
    /// What the admin saw.
    pub seen: ViewCount,
    /// What it should have been then.
    pub wanted: ViewCount,
    /// The row that was seen; `None` when there was none, to add one (`seen` is zero then).
    pub version: Option<RowVersion>,
}

/// The removal of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Removal {
    /// The comic.
    pub comic: ComicNumber,
    /// The row that was seen.
    pub version: RowVersion,
}

/// What an admin did to a count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryEntry {
    /// Its place in the history: later entries have higher ids.
    pub id: i64,
    /// When, by the store's clock, UTC.
    pub at: OffsetDateTime,
    /// Who.
    pub by: Username,
    /// To which comic.
    pub comic: ComicNumber,
    /// What was done.
    pub change: Change,
    /// What that added to the count, negative where it took away.
    pub delta: i64,
}

/// What was done to a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It was added, where there was none.
    Added {
        /// The count it was added with.
        views: ViewCount,
    },
    /// Its count was adjusted.
    Adjusted {
        /// What the admin saw.
        seen: ViewCount,
        /// What the admin wanted instead.
        wanted: ViewCount,
    },
    /// It was removed.
    Removed {
        /// The count that went with it.
        views: ViewCount,
    },
}

/// Which entries of the history are wanted, latest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryQuery {
    /// Only those of one comic.
    pub comic: Option<ComicNumber>,
    /// Only those with a lower id.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

/// The admin's view of the counts.
///
/// ```
/// use xkcd_domain::account::Username;
/// use xkcd_domain::ports::view_ledger::{Adjustment, LedgerRow, ViewLedger, ViewLedgerError};
/// use xkcd_domain::views::ViewCount;
///
/// /// Sets a row that an admin sees to zero. `Some` is the row as it is now, when somebody was faster.
/// async fn reset(
///     ledger: &dyn ViewLedger,
///     row: &LedgerRow,
///     by: &Username,
/// ) -> Result<Option<LedgerRow>, ViewLedgerError> {
///     let seen = row.views;
///     let wanted = ViewCount::default();
///     let adjustment = Adjustment { comic: row.comic, seen, wanted, version: Some(row.version) };
///     match ledger.adjust(&[adjustment], by).await {
///         Err(ViewLedgerError::Conflict { now }) => Ok(now.into_iter().find_map(|(_, row)| row)),
///         done => done.map(|()| None),
///     }
/// }
/// # use xkcd_domain::comic::ComicNumber;
/// # use xkcd_domain::ports::view_ledger::{MockViewLedger, RowVersion};
/// # let row = |version| LedgerRow { comic: ComicNumber::ONE, views: 9.into(), version: RowVersion(version) };
/// # let mut ledger = MockViewLedger::new();
/// # ledger.expect_adjust().returning(move |changes, _| {
/// #     Err(ViewLedgerError::Conflict { now: vec![(changes[0].comic, Some(row(2)))] })
/// # });
/// # let by = "ada".parse().unwrap();
/// # let now = futures_executor::block_on(reset(&ledger, &row(1), &by)).unwrap();
/// # assert_eq!(now, Some(row(2)));
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait ViewLedger: Send + Sync + 'static {
    /// A page of the rows.
    ///
    /// - Following `After` the last row from the first page on gives every row once, as long as none
    ///   changes; following `Before` the first row goes the same way back.
    /// - Its cost does not grow with the number of the page.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn list(&self, query: &LedgerQuery) -> Result<LedgerList, ViewLedgerError>;

    /// Corrects counts: adds `wanted - seen` to each and writes the history, all of it or nothing.
    ///
    /// - Views that came after the admin looked stay: having seen 90 of what is 95 now, wanting 100 gives 105.
    /// - A count never falls below zero: the delta is cut there, and the history has what was really added.
    /// - Each adjusted row gets a new version; the one in the adjustment must be the row's.
    /// - A comic listed twice is a conflict.
    /// - Adjusters and writers of views that run at the same time never deadlock.
    ///
    /// # Errors
    ///
    /// [`ViewLedgerError::Conflict`] when a version is not the row's; otherwise when the store can't be
    /// written.
    async fn adjust(&self, adjustments: &[Adjustment], by: &Username) -> Result<(), ViewLedgerError>;

    /// Removes rows and writes the history, all of it or nothing.
    ///
    /// - The entry's delta is minus the count that went.
    /// - Later views of the comic start from zero, in a row whose version is new for that comic.
    ///
    /// # Errors
    ///
    /// As [`ViewLedger::adjust`].
    async fn remove(&self, removals: &[Removal], by: &Username) -> Result<(), ViewLedgerError>;

    /// Entries of the history, latest first.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, ViewLedgerError>;

    /// Views per UTC day from `first` to `last`, both included, in ascending order; days without views are
    /// left out.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    async fn days(&self, first: Date, last: Date) -> Result<Vec<(Date, u64)>, ViewLedgerError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewLedgerError {
    /// Rows changed since they were seen. Nothing was done.
    #[error("rows changed since they were seen")]
    Conflict {
        /// The rows concerned: each as it is now, or `None` where there is none.
        now: Vec<(ComicNumber, Option<LedgerRow>)>,
    },
    /// It can't be reached or not be written: worth another try.
    #[error("the view store can't be reached")]
    Unavailable(#[source] Cause),
    /// It holds something that is no count.
    #[error("the view store holds something that is not a count")]
    Corrupt(#[source] Cause),
}
