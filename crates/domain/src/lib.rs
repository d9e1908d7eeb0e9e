#![doc = include_str!("../README.md")]

pub mod account;
pub mod comic;
#[cfg(feature = "contract")]
pub mod contract;
pub mod deck;
pub mod error_chain;
pub mod ports;
pub mod search;
pub mod secret;
pub mod session;
pub mod show_comic;
pub mod throttle;
pub mod views;
