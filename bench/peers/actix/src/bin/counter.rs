//! The app's counter without pages: so many visitors at once, each of whom waits until the view is committed.
//!
//! `counter VISITORS SECONDS` counts in the database that `DATABASE_…` name, and prints how many views were
//! committed and in how many seconds.

use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

use xkcd_bench_actix::postgres_counter;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::WriterId;
use xkcd_group_commit::{Counted, GroupCommit, GroupCommitConfig};

const COMICS: u32 = 3280;
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = || -> Result<u32, Box<dyn Error>> {
        Ok(arguments.next().ok_or("usage: counter VISITORS SECONDS")?.parse()?)
    };
    let (visitors, seconds) = (number()?, number()?);
    let counter = postgres_counter(&tokio::runtime::Handle::current()).await?;
    let views = GroupCommit::start(
        counter,
        WriterId::from_random(std::process::id().into()),
        GroupCommitConfig::default(),
    );

    let began = Instant::now();
    let until = began + Duration::from_secs(seconds.into());
    let visits: Vec<_> =
        (0..visitors).map(|visitor| tokio::spawn(visit(views.clone(), visitor, until))).collect();
    let mut committed = 0;
    for visits in visits {
        committed += visits.await??;
    }
    writeln!(std::io::stdout(), "{committed} {}", began.elapsed().as_secs_f64())?;
    Ok(())
}

/// One view after the other, of comics in an order of the visitor's own.
async fn visit(views: GroupCommit, visitor: u32, until: Instant) -> Result<u64, String> {
    let mut committed = 0;
    // 1,571 has no divisor in common with 3,280: all come before one comes again.
    let mut position = visitor.wrapping_mul(997) % COMICS;
    while Instant::now() < until {
        position = (position + 1_571) % COMICS;
        // There is no comic 404.
        let Ok(comic) = ComicNumber::try_from(position + 1) else { continue };
        match views.count(comic, Instant::now() + LONGEST_WAIT).await {
            Ok(Counted::Stored(_)) => committed += 1,
            // It is counted later, and then more are counted than were committed in time.
            Ok(Counted::Waiting) => {}
            Err(closed) => return Err(closed.to_string()),
        }
    }
    Ok(committed)
}
