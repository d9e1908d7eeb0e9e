//! The development build over HTTP: every path, what each answer carries, what each quirk looks like.

pub(crate) mod admin;
mod api;
mod comic_pages;
mod deck;
mod edge;
mod errors;
mod files;
mod health;
mod listings;
mod methods;
mod metrics;
mod quirks;
mod upstream;
mod views;

use std::time::Duration;

use crate::support::{App, Launch, StubUpstream, until};

/// An app that shows its own comics, 1000001 and up.
#[track_caller]
fn built_in() -> App {
    Launch::development().start()
}

/// An app over a stub that has comics 1 to `newest`, and knows so.
#[track_caller]
fn of_comics(newest: u32) -> App {
    let app = Launch::development().upstream(&StubUpstream::of_comics(newest)).start();
    await_newest(&app);
    app
}

/// An app that has just started may not know yet how many comics there are, and leads nowhere then.
#[track_caller]
fn await_newest(app: &App) {
    until("the newest comic is known", Duration::from_secs(5), || {
        app.get("/404/").text().contains("rel=\"prev\"")
    });
}

/// The numbers of the comics that `app` brings along.
#[track_caller]
fn built_in_numbers(app: &App) -> Vec<u32> {
    let is_there = |number: &u32| app.request("HEAD", &format!("/{number}/"), &[]).status == 200;
    (1_000_001..1_001_000).take_while(is_there).collect()
}
