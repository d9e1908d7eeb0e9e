//! Views counted by many visitors at once, with a store that does nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use criterion::{Criterion, Throughput};
use futures_util::future::join_all;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use xkcd_domain::views::{ViewBatch, ViewCount, WriterId};
use xkcd_group_commit::{GroupCommit, GroupCommitConfig};

const VISITORS: u32 = 64;
const PATIENCE: Duration = Duration::from_secs(5);

struct NoStore;

#[async_trait]
impl ViewCounter for NoStore {
    async fn apply(&self, batch: &ViewBatch) -> Result<AppliedBatch, ViewCounterError> {
        let totals = batch.views().iter().map(|(comic, views)| (*comic, (*views).into())).collect();
        Ok(AppliedBatch { totals, added: true })
    }

    async fn totals(&self, _: &[ComicNumber]) -> Result<BTreeMap<ComicNumber, ViewCount>, ViewCounterError> {
        Ok(BTreeMap::new())
    }

    async fn most_viewed(&self, _: u32) -> Result<Vec<(ComicNumber, ViewCount)>, ViewCounterError> {
        Ok(Vec::new())
    }
}

fn count(criterion: &mut Criterion) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
    let _entered = runtime.enter();
    let views = GroupCommit::start(Arc::new(NoStore), WriterId::from_random(7), GroupCommitConfig::default());
    let comics: Vec<_> =
        (1..=VISITORS).filter_map(|number| ComicNumber::try_from(number * 50).ok()).collect();
    let mut group = criterion.benchmark_group("group_commit");
    group.throughput(Throughput::Elements(u64::from(VISITORS)));
    group.bench_function("count, 64 at once", |bencher| {
        bencher.iter(|| {
            let deadline = Instant::now() + PATIENCE;
            runtime.block_on(join_all(comics.iter().map(|comic| views.count(*comic, deadline))))
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    count(&mut criterion);
    criterion.final_summary();
}
