//! What hostile clients send: refused in order and in time, while a visitor who behaves is served.

mod crowds;
mod forgeries;
mod framing;
mod random;
mod request_lines;
mod siege;
mod sizes;
mod slowness;

use super::Release;
use siege::Siege;

/// What attackers write into their requests, and no answer may repeat.
const MARK: &str = "evil7";

/// Each of these is refused with one answer, after which the connection is closed. Who is refused while still
/// sending may find the connection closed instead of the answer.
#[track_caller]
fn assert_each_is_refused<B: AsRef<[u8]>>(siege: &Siege, requests: impl IntoIterator<Item = B>) {
    for request in requests {
        let reply = siege.send(request.as_ref());
        let is_told = matches!(reply.statuses[..], [400..500]);
        assert!(is_told || (reply.statuses.is_empty() && reply.was_cut), "{reply:?}");
    }
}
