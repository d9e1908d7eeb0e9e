//! Many views, few writes, every visitor the right number.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use xkcd_domain::views::ViewBatch;
use xkcd_group_commit::{Counted, GroupCommit, GroupCommitConfig};

use crate::scripted_counter::{ScriptedCounter, Step};
use crate::{SECOND, WRITER, batch, comic, start, stored, visit, within};

const A_WRITE: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn a_lone_view_is_written_at_once() {
    let store = ScriptedCounter::new([], Step::WORKS);
    let views = start(&store);
    let begun = tokio::time::Instant::now();

    assert_eq!(views.count(comic(353), within(SECOND)).await, Ok(stored(1)));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(views.count(comic(353), within(SECOND)).await, Ok(stored(2)));
    assert_eq!(store.sent(), [batch(WRITER, 1, &[(353, 1)]), batch(WRITER, 2, &[(353, 1)])]);
}

#[tokio::test(start_paused = true)]
async fn views_that_come_during_a_write_share_the_next_one() {
    let store = ScriptedCounter::new([], Step::works_after(A_WRITE));
    let views = start(&store);
    let first = visit(&views, 1);
    tokio::task::yield_now().await;
    tokio::time::advance(A_WRITE / 2).await;
    let visitors: Vec<_> =
        (0..1_000).map(|visitor| (visitor % 10 + 1, visit(&views, visitor % 10 + 1))).collect();

    assert_eq!(first.await.unwrap(), Ok(stored(1)));
    for (number, visitor) in visitors {
        assert_eq!(visitor.await.unwrap(), Ok(stored(if number == 1 { 101 } else { 100 })));
    }
    assert_eq!(store.sent().len(), 2);
    assert_eq!(views.status().pending, 0);
    assert_eq!(views.status().batches_written, 2);
}

#[tokio::test(start_paused = true)]
async fn comics_that_do_not_fit_into_a_batch_get_their_numbers_from_the_next_ones() {
    let store = ScriptedCounter::new([], Step::works_after(A_WRITE));
    let views = start(&store);
    let first = visit(&views, 5_000);
    tokio::task::yield_now().await;
    let visitors: Vec<_> = (1_000..2_200).map(|number| visit(&views, number)).collect();

    assert_eq!(first.await.unwrap(), Ok(stored(1)));
    for visitor in visitors {
        assert_eq!(visitor.await.unwrap(), Ok(stored(1)));
    }
    let sizes: Vec<_> = store.sent().iter().map(|batch| batch.views().len()).collect();
    assert_eq!(sizes, [1, ViewBatch::MAX_COMICS, ViewBatch::MAX_COMICS, 200]);
}

/// As in the server: the store on one runtime, visitors on single-threaded ones of other threads.
#[test]
fn the_views_of_64_threads_with_runtimes_of_their_own_add_up() {
    const THREADS: u32 = 64;
    const VIEWS: u32 = 200;
    let store = ScriptedCounter::new([], Step::WORKS);
    let store_runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let views = store_runtime.block_on(async {
        GroupCommit::start(Arc::clone(&store) as _, WRITER, GroupCommitConfig::default())
    });

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let views = views.clone();
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                for view in 0..VIEWS {
                    let deadline = Instant::now() + 60 * SECOND;
                    let counted = runtime.block_on(views.count(comic((thread + view) % 50 + 1), deadline));
                    assert!(matches!(counted, Ok(Counted::Stored(_))), "{counted:?}");
                }
            });
        }
    });

    assert_eq!(store.sum(), u64::from(THREADS * VIEWS));
    assert!(store.sent().len() < (THREADS * VIEWS) as usize, "nothing was merged");
}
