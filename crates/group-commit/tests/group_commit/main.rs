//! Views through a `GroupCommit` into a counter whose every answer is scripted, most of it in paused time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod deadlines;
mod faults;
mod finishing;
mod merging;
mod replaying;
mod scripted_counter;
mod unwritten_lines;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::{ViewBatch, ViewCount, WriterId};
use xkcd_group_commit::{Closed, Counted, GroupCommit, GroupCommitConfig};

use scripted_counter::ScriptedCounter;

const WRITER: WriterId = WriterId::from_random(7);
const SECOND: Duration = Duration::from_secs(1);

fn start(store: &Arc<ScriptedCounter>) -> GroupCommit {
    GroupCommit::start(Arc::clone(store) as _, WRITER, GroupCommitConfig::default())
}

fn comic(number: u32) -> ComicNumber {
    number.try_into().unwrap()
}

fn batch(writer: WriterId, number: u64, views: &[(u32, u32)]) -> ViewBatch {
    let views: BTreeMap<_, _> = views.iter().map(|(number, count)| (comic(*number), *count)).collect();
    ViewBatch::new(writer, number.try_into().unwrap(), views).unwrap()
}

fn stored(total: u32) -> Counted {
    Counted::Stored(ViewCount::from(total))
}

/// So long from now, by the clock that tests may pause.
fn within(time: Duration) -> Instant {
    (tokio::time::Instant::now() + time).into_std()
}

/// A visitor of a comic who waits for a second. The view is taken when this returns.
fn visit(views: &GroupCommit, number: u32) -> JoinHandle<Result<Counted, Closed>> {
    let (views, deadline) = (views.clone(), within(SECOND));
    let mut counting = Box::pin(async move { views.count(comic(number), deadline).await });
    let before_any_write = counting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(before_any_write.is_pending());
    tokio::spawn(counting)
}
