//! What the tests share: the app as a process, a client, a stub of xkcd.com, a look into the database.

mod app;
mod browser;
mod client;
mod database;
mod ended;
mod launch;
mod lines;
mod load;
mod metrics;
mod output;
mod release;
mod secrets;
mod stub_upstream;
mod wait;

pub(crate) use app::App;
pub(crate) use browser::{Browser, PASSWORD, SUPERUSER, VIEWER, percent, value_of, values_of, with_admins};
pub(crate) use client::{Answer, Connection};
pub(crate) use database::Database;
pub(crate) use ended::Ended;
pub(crate) use launch::{Launch, free_address};
pub(crate) use load::{Crowd, Tally, Visits};
pub(crate) use metrics::Metrics;
pub(crate) use output::log_line;
pub(crate) use release::Release;
pub(crate) use stub_upstream::{StubUpstream, document, respond, respond_json};
pub(crate) use wait::{eventually, until};
