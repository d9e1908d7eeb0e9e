//! Visitors who leave before they have seen anything.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use crate::support::Connection;

/// The page that they ask for. Nobody else does: a comic of the app's own is in no deck of xkcd's.
pub(super) const PAGE: u32 = 1_000_001;

/// Visitors who ask for a page and are gone.
pub(super) struct Impatience(Vec<JoinHandle<u64>>);

impl Impatience {
    /// Each of the visitors comes as often as it says.
    pub(super) fn begin(visitors: u64, times: u64, address: SocketAddr) -> Self {
        let visit = move |_: &u64| {
            let Ok(mut connection) = Connection::open(address) else { return false };
            // Those who could not even ask may be counted as well as those who could.
            connection.send(format!("GET /{PAGE}/ HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).ok();
            true
        };
        let visitor = |_| thread::spawn(move || (0..times).filter(visit).count().try_into().unwrap());
        Self((0..visitors).map(visitor).collect())
    }

    /// How many pages were asked for, when all have gone.
    pub(super) fn end(self) -> u64 {
        self.0.into_iter().map(|visitor| visitor.join().unwrap()).sum()
    }
}
