//! Which rows the address of the list asks for, and the addresses of its other pages.

use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_ledger::{LedgerCursor, LedgerOrder, LedgerPage, LedgerQuery};
use xkcd_domain::views::ViewCount;

use super::super::{Fields, titles};
use super::{LIST, parse_views};
use crate::app::AppState;

/// How many rows a page has.
const ROWS: u32 = 50;

/// The orders by the names that addresses give them.
const ORDERS: [(&str, LedgerOrder); 4] = [
    ("number", LedgerOrder::NumberAscending),
    ("-number", LedgerOrder::NumberDescending),
    ("views", LedgerOrder::ViewsAscending),
    ("-views", LedgerOrder::ViewsDescending),
];

/// What the address says. What it says wrongly it does not say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ListQuery {
    pub(super) search: String,
    pub(super) least: Option<ViewCount>,
    pub(super) most: Option<ViewCount>,
    pub(super) order: LedgerOrder,
    pub(super) page: LedgerPage,
}

impl ListQuery {
    pub(super) fn of(fields: &Fields) -> Self {
        let order = ORDERS.iter().find(|(name, _)| *name == fields.get("order"));
        let after = cursor(fields.get("after")).map(LedgerPage::After);
        let before = cursor(fields.get("before")).map(LedgerPage::Before);
        Self {
            search: fields.get("q").trim().chars().take(200).collect(),
            least: parse_views(fields.get("least")),
            most: parse_views(fields.get("most")),
            order: order.map(|(_, order)| *order).unwrap_or_default(),
            page: after.or(before).unwrap_or_default(),
        }
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
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// `NUMBER.VIEWS`
fn cursor(text: &str) -> Option<LedgerCursor> {
    let (comic, views) = text.split_once('.')?;
    Some(LedgerCursor { comic: comic.parse::<ComicNumber>().ok()?, views: parse_views(views)? })
}
