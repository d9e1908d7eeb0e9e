#![doc = include_str!("../README.md")]

mod archiving;
mod breaker;
mod client;
mod config;
pub mod document;
mod fetch_error;
mod fetcher;
mod fill;
mod flight;
mod memory;
mod no_archive;
mod outage;
mod setbacks;
mod stats;
mod unsaved;
mod xkcd_comics;

pub use config::{XkcdConfig, XkcdConfigError};
pub use no_archive::NoArchive;
pub use stats::{XkcdStats, XkcdStatus};
pub use xkcd_comics::XkcdComics;
