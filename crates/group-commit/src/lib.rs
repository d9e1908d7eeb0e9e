#![doc = include_str!("../README.md")]

mod gathering;
mod group_commit;
mod replay;
mod unwritten;
mod worker;

pub use group_commit::{Closed, Counted, GroupCommit, GroupCommitConfig, GroupCommitStatus};
pub use replay::{ReplayOutcome, ReplayReport, ReplayedBatch, replay};
pub use unwritten::{InvalidLine, UnwrittenBatch};
