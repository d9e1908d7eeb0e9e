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

/// Each of these is refused with one answer, and the app closes the connection. Who is refused while still
/// sending may find the connection closed instead of the answer.
#[track_caller]
fn assert_each_is_refused<B: AsRef<[u8]>>(siege: &Siege, requests: impl IntoIterator<Item = B>) {
    for request in requests {
        siege.provoke(request.as_ref()).assert_is_refusal();
    }
}

/// The same, of requests after which the connection may stay, or that more may be expected of.
#[track_caller]
fn assert_each_is_refused_at_its_end<B: AsRef<[u8]>>(siege: &Siege, requests: impl IntoIterator<Item = B>) {
    for request in requests {
        siege.send(request.as_ref()).assert_is_refusal();
    }
}
