//! One page or answer each.

pub mod api;
pub mod comic;
pub mod files;
pub mod health;
pub mod listings;
