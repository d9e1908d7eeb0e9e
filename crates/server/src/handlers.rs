//! One page or answer each.

pub mod comic;
pub mod files;
pub mod health;
