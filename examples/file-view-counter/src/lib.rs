#![doc = include_str!("../README.md")]

mod batch_log;
mod counts;
mod file_view_counter;

pub use batch_log::OpenError;
pub use file_view_counter::FileViewCounter;
