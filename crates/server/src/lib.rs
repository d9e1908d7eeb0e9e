//! The server of XKCD App: settings, composition, routes, pages, telemetry and the verbs of the command line.
//!
//! It is a library so that the binary and the tests share one way to build and to run the app; what other
//! programs reuse lies in the domain and the adapters.

pub mod admin;
pub mod app;
pub mod application;
pub mod assets;
pub mod catalogue;
pub mod client_address;
pub mod commands;
pub mod composition;
pub mod config;
pub mod counts;
pub mod deck_cookie;
pub mod ecs_task;
pub mod error;
mod fields;
pub mod handlers;
pub mod metrics;
pub mod middleware;
pub mod navigation;
pub mod pages;
mod serving;
pub mod shutdown;
pub mod telemetry;
