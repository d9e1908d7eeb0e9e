use serde::Serialize;

use crate::navigation::Navigation;

/// What the page of an error shows.
#[derive(Debug, Serialize)]
pub struct ErrorPage<'a> {
    /// The status code.
    pub status: u16,
    /// What happened, in a few words.
    pub title: &'a str,
    /// What to do about it.
    pub advice: &'a str,
    /// Under which id the log has the cause.
    pub request_id: &'a str,
    /// The comic that was asked for, to be seen on xkcd.com instead.
    pub on_xkcd: Option<u32>,
    /// Ways to go on.
    pub navigation: Navigation,
}
