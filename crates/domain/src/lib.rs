#![doc = include_str!("../README.md")]
// On docs.rs what needs a feature says so.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod account;
pub mod comic;
#[cfg(feature = "contract")]
pub mod contract;
pub mod deck;
pub mod error_chain;
#[cfg(feature = "faulty")]
pub mod faulty;
pub mod ports;
pub mod search;
pub mod secret;
pub mod session;
pub mod show_comic;
pub mod text;
pub mod throttle;
pub mod views;
