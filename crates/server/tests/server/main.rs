//! The app from outside: a process of its own, asked over HTTP, with a stub in place of xkcd.com.
//!
//! `http` runs the development build and needs nothing. `binary` is about what a release does under load,
//! faults and bad input, and needs the release build: `scripts/test` names it in `XKCDAPP_TEST_BINARY`.
//! `servers` is about the same with PostgreSQL, Redis and the Parameter Store, which `scripts/dev-stack` starts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]
#![expect(clippy::print_stdout, reason = "figures for docs/reliability.md")]

mod binary;
mod http;
mod servers;
mod support;
