//! The release build as a process: under load, faults and bad input, killed, stopped, and started wrongly.

mod abuse;
mod api_description;
mod counting;
mod damage;
mod disk;
mod endings;
mod locked_store;
mod logs;
mod measured;
mod settings;
mod signing_in;
mod start;
mod upstream;
mod verbs;

use crate::support::Release;
