//! The rules of the domain.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod accounts;
mod addresses;
mod comics;
mod deck;
mod search;
mod secrets;
mod sessions;
mod show_comic;
mod sign_in;
mod views;

use xkcd_domain::comic::{ComicNumber, ComicRange};

fn comic(number: u32) -> ComicNumber {
    number.try_into().unwrap()
}

fn range(first: u32, newest: u32) -> ComicRange {
    ComicRange::new(comic(first), comic(newest)).unwrap()
}
