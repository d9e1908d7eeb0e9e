//! The first page: how the views come in, which comics have most, how they are spread.

mod charts;

use std::sync::PoisonError;
use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use xkcd_domain::ports::view_ledger::{
    LedgerCursor, LedgerOrder, LedgerPage, LedgerQuery, LedgerRow, ViewLedger, ViewLedgerError,
};

use super::comics::ShownRow;
use super::pages::{Page, done};
use super::{Fields, SignedIn};
use crate::app::AppState;
use crate::error::AppError;
use crate::pages::grouped;
use charts::{Bar, DayChart, Spread};

/// How many days are drawn.
const DAYS: i64 = 90;
/// How many comics are ranked.
const RANKED: u32 = 10;
/// How many rows are read at once, more than there are comics.
const ROWS: u32 = 5_000;

/// For how long the spread is not worked out again: it takes all rows.
const SPREAD_KEPT: std::time::Duration = std::time::Duration::from_secs(5);

/// What the page shows.
#[derive(Serialize)]
struct DashboardPage {
    today: String,
    week: String,
    all_days: String,
    views: String,
    comics: String,
    days: DayChart,
    ranked: Vec<Ranked>,
    spread: Vec<Bar>,
}

#[derive(Serialize)]
struct Ranked {
    row: ShownRow,
    /// The length of its bar, in hundredths of the longest.
    length: u64,
}

/// `GET /admin/`.
///
/// # Errors
///
/// When the counts can't be had.
pub(crate) async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    who: SignedIn,
) -> Result<HttpResponse, AppError> {
    let ledger = state.admin.ports.ledger.as_ref();
    let today = OffsetDateTime::now_utc().date();
    let days = ledger.days(today - Duration::days(DAYS - 1), today).await?;
    let chart = DayChart::new(today, DAYS, &days);
    let ranked = ledger.list(&query(LedgerOrder::ViewsDescending, LedgerPage::First, RANKED)).await?.rows;
    let spread = state.admin.spread.of(ledger).await?;
    let most = ranked.first().map_or(0, |row| row.views.get());
    let page = DashboardPage {
        today: grouped(chart.sum_of_last(1)),
        week: grouped(chart.sum_of_last(7)),
        all_days: grouped(chart.sum_of_last(usize::MAX)),
        views: grouped(spread.views()),
        comics: grouped(spread.comics()),
        days: chart,
        ranked: ranked.iter().map(|row| Ranked::new(&state, row, most)).collect(),
        spread: spread.bars(),
    };
    let frame = Page::of("dashboard", "admin/dashboard.html", &who);
    frame.notice(done(Fields::of_query(&request).get("done"))).render(&state, &page)
}

impl Ranked {
    fn new(state: &AppState, row: &LedgerRow, most: u64) -> Self {
        Self { row: ShownRow::new(state, row), length: charts::hundredths(row.views.get(), most) }
    }
}

/// How the views are spread over the comics, as it was a few seconds ago. Whoever asks while it is worked out gets
/// the one before; only those who come before there is any wait for the first.
#[derive(Default)]
pub(super) struct LatestSpread {
    latest: std::sync::Mutex<Option<(Instant, Spread)>>,
    turn: Mutex<()>,
}

impl LatestSpread {
    async fn of(&self, ledger: &dyn ViewLedger) -> Result<Spread, ViewLedgerError> {
        let known = self.latest();
        let _turn = match (known, self.turn.try_lock()) {
            (Some((at, spread)), _) if at.elapsed() < SPREAD_KEPT => return Ok(spread),
            (Some((_, spread)), Err(_)) => return Ok(spread),
            (None, Err(_)) => self.turn.lock().await,
            (_, Ok(turn)) => turn,
        };
        // Somebody may have worked it out while this one waited for the turn.
        if let Some((_, spread)) = self.latest().filter(|(at, _)| at.elapsed() < SPREAD_KEPT) {
            return Ok(spread);
        }
        let spread = spread(ledger).await?;
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), spread));
        Ok(spread)
    }

    fn latest(&self) -> Option<(Instant, Spread)> {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same, worked out.
async fn spread(ledger: &dyn ViewLedger) -> Result<Spread, ViewLedgerError> {
    let mut spread = Spread::default();
    let mut page = LedgerPage::First;
    loop {
        let list = ledger.list(&query(LedgerOrder::NumberAscending, page, ROWS)).await?;
        list.rows.iter().for_each(|row| spread.add(row.views.get()));
        match list.rows.last().filter(|_| list.more_after) {
            Some(row) => page = LedgerPage::After(LedgerCursor::from(row)),
            None => return Ok(spread),
        }
    }
}

const fn query(order: LedgerOrder, page: LedgerPage, limit: u32) -> LedgerQuery {
    LedgerQuery { least_views: None, most_views: None, only: None, order, page, limit }
}
