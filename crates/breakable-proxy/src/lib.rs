#![doc = include_str!("../README.md")]

mod acceptor;
mod answer_cuts;
mod breakable_proxy;
mod connection;
mod network;

pub use answer_cuts::AnswerCuts;
pub use breakable_proxy::{BreakableProxy, Mode};
pub use network::{Counters, Direction};
