//! Which rows the address of the list asks for, and the addresses of its other pages.

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{LedgerCursor, LedgerOrder, LedgerPage, LedgerQuery};
use xkcd_domain::views::ViewCount;

use super::super::{Fields, titles};
use super::{LIST, parse_views};
use crate::app::AppState;
use crate::error::AppError;

/// How many rows a page has.
const ROWS: u32 = 50;

/// The orders by the names that addresses give them.
const ORDERS: [(&str, LedgerOrder); 4] = [
    ("number", LedgerOrder::NumberAscending),
    ("-number", LedgerOrder::NumberDescending),
    ("views", LedgerOrder::ViewsAscending),
    ("-views", LedgerOrder::ViewsDescending),
];

/// What the address says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ListQuery {
    pub(super) search: String,
    pub(super) least: Option<ViewCount>,
    pub(super) most: Option<ViewCount>,
    pub(super) order: LedgerOrder,
    pub(super) page: LedgerPage,
}

impl ListQuery {
    /// Reads a query. An order or a place in the list that can't be read is not said.
    ///
    /// # Errors
    ///
    /// When a bound can't be read: without it there would be more rows than were asked for.
    pub(super) fn of(fields: &Fields) -> Result<Self, AppError> {
        let bound = |name| match fields.get(name).trim() {
            "" => Ok(None),
            text => parse_views(text)
                .map(Some)
                .ok_or(AppError::Parameter("The least and the most views are whole numbers from 0 on.")),
        };
        let order = ORDERS.iter().find(|(name, _)| *name == fields.get("order"));
        let after = cursor(fields.get("after")).map(LedgerPage::After);
        let before = cursor(fields.get("before")).map(LedgerPage::Before);
        Ok(Self {
            search: fields.get("q").trim().chars().take(200).collect(),
            least: bound("least")?,
            most: bound("most")?,
            order: order.map(|(_, order)| *order).unwrap_or_default(),
            page: after.or(before).unwrap_or_default(),
        })
    }

    /// The query that a form of the list carries along; the whole list when there is none.
    pub(super) fn carried_by(form: &Fields) -> Self {
        Self::of(&Fields::of_text(form.get("list"))).unwrap_or_default()
    }

    /// What to ask the ledger.
    pub(super) fn to_ledger(&self, state: &AppState) -> LedgerQuery {
        LedgerQuery {
            least_views: self.least,
            most_views: self.most,
            only: (!self.search.is_empty()).then(|| titles::found_by(state, &self.search)),
            order: self.order,
            page: self.page,
            limit: ROWS,
        }
    }

    pub(super) fn order_name(&self) -> &'static str {
        ORDERS.iter().find(|(_, order)| *order == self.order).map_or("number", |(name, _)| name)
    }

    /// The address of the same list from its beginning, in an order.
    pub(super) fn ordered(&self, order: LedgerOrder) -> String {
        Self { order, page: LedgerPage::First, ..self.clone() }.address(LIST)
    }

    /// The address of another page of the list.
    pub(super) fn at(&self, page: LedgerPage) -> String {
        Self { page, ..self.clone() }.address(LIST)
    }

    pub(super) fn address(&self, path: &str) -> String {
        let query = self.to_text();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The list as it was, with word of what was done.
    pub(super) fn after(&self, done: &str) -> String {
        let query = self.to_text();
        let separator = if query.is_empty() { "" } else { "&" };
        format!("{LIST}?{query}{separator}done={done}")
    }

    /// What stands in an address behind the question mark.
    pub(super) fn to_text(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        for (name, bound) in [("least", self.least), ("most", self.most)] {
            if let Some(bound) = bound {
                query.append_pair(name, &bound.to_string());
            }
        }
        if self.order != LedgerOrder::default() {
            query.append_pair("order", self.order_name());
        }
        match self.page {
            LedgerPage::First => &mut query,
            LedgerPage::After(at) => query.append_pair("after", &format!("{}.{}", at.comic, at.views)),
            LedgerPage::Before(at) => query.append_pair("before", &format!("{}.{}", at.comic, at.views)),
        };
        query.finish()
    }
}

/// `NUMBER.VIEWS`
fn cursor(text: &str) -> Option<LedgerCursor> {
    let (comic, views) = text.split_once('.')?;
    Some(LedgerCursor { comic: comic.parse::<ComicNumber>().ok()?, views: parse_views(views)? })
}
