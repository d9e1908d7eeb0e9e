//! The contract of a [`ComicSource`]. The subject is a source that has comics to give but was not asked yet.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};

use super::keys::Keys;
use super::waiting::{after, now, pause, within};
use super::{Outcome, Violation, demand, demand_equal};
use crate::comic::{ComicNumber, Sourced};
use crate::ports::comic_source::{ComicSource, ComicSourceError};

/// How an upstream behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpstreamMode {
    /// It answers at once.
    Answers,
    /// It refuses every request.
    Fails,
    /// It keeps requests waiting, and answers those that still wait when it is set to
    /// [`UpstreamMode::Answers`].
    Holds,
}

/// Where a source fetches from, in the hand of the check. It answers until told otherwise.
pub trait Upstream: Send + Sync {
    /// Makes it behave so from now on.
    fn set_mode(&self, mode: UpstreamMode);

    /// How often the document of a comic was requested.
    fn fetches(&self, comic: ComicNumber) -> usize;
}

/// A source, and what stands behind it.
pub struct SourceSubject {
    /// The source: at least three comics, nothing asked yet, and no fetches of its own accord.
    pub source: Arc<dyn ComicSource>,
    /// A number that it has no comic for.
    pub absent: ComicNumber,
    /// What it fetches from; `None` for a source that has all its comics in memory.
    pub upstream: Option<Arc<dyn Upstream>>,
}

crate::__contract_clauses! { comic_source, __contract_table, SourceSubject, }

const AMPLE: Duration = Duration::from_secs(2);
/// How late an answer may be on a busy machine and still count as in time.
const LENIENCE: Duration = Duration::from_millis(500);

impl SourceSubject {
    /// Some of its comics, in ascending order.
    async fn some_comics(&self) -> Result<Vec<ComicNumber>, Violation> {
        let range = self.source.range(after(AMPLE)).await?;
        let comics: Vec<_> = (0..5).filter_map(|index| range.nth(index)).collect();
        demand(comics.len() >= 3, "the source has at least three comics")?;
        Ok(comics)
    }

    async fn comic(&self, number: ComicNumber) -> Result<Sourced, Violation> {
        let comic = self.source.comic(number, after(AMPLE)).await?;
        comic.ok_or_else(|| Violation(format!("the source should have comic {number}")))
    }
}

/// Demands that an attempt in a hanging world ends by a deadline that is 200 ms away.
async fn demand_in_time<T>(attempt: impl Future<Output = T>) -> Result<T, Violation> {
    let done = within(Duration::from_millis(200) + LENIENCE, attempt).await;
    done.ok_or_else(|| Violation("the deadline passed without an answer".into()))
}

async fn the_ends_of_the_range_are_comics(subject: SourceSubject, _: Keys) -> Outcome {
    let range = subject.source.range(after(AMPLE)).await?;
    subject.comic(range.first()).await?;
    subject.comic(range.newest()).await?;
    Ok(())
}

async fn a_comic_has_the_number_asked_for(subject: SourceSubject, _: Keys) -> Outcome {
    for number in subject.some_comics().await? {
        demand_equal("the comic's number", &subject.comic(number).await?.comic.number, &number)?;
        demand_equal("its number in memory", &subject.comic(number).await?.comic.number, &number)?;
    }
    Ok(())
}

async fn a_number_without_a_comic_gives_none(subject: SourceSubject, _: Keys) -> Outcome {
    for _ in 0..2 {
        let absent = subject.source.comic(subject.absent, after(AMPLE)).await?;
        demand_equal("a comic that is none", &absent, &None)?;
    }
    demand_equal("a comic that is none, in memory", &subject.source.in_memory(subject.absent), &None)
}

async fn what_was_answered_is_in_memory(subject: SourceSubject, _: Keys) -> Outcome {
    for number in subject.some_comics().await? {
        let answered = subject.comic(number).await?;
        let remembered = subject.source.in_memory(number).map(|it| it.comic);
        demand_equal("the comic in memory", &remembered, &Some(answered.comic.clone()))?;
        let all = subject.source.all_in_memory();
        demand(all.contains(&answered.comic), "the comic is among all that are in memory")?;
    }
    Ok(())
}

async fn all_in_memory_ascends_each_once(subject: SourceSubject, _: Keys) -> Outcome {
    let mut numbers = subject.some_comics().await?;
    numbers.rotate_left(1);
    for number in numbers.iter().rev().chain(&numbers) {
        subject.comic(*number).await?;
    }
    let all = subject.source.all_in_memory();
    demand(all.is_sorted_by(|a, b| a.number < b.number), "all in memory ascends, each once")?;
    for comic in all.iter() {
        let alone = subject.source.in_memory(comic.number).map(|it| it.comic);
        demand_equal("the comic in memory alone", &alone.as_ref(), &Some(comic))?;
    }
    Ok(())
}

async fn a_known_range_stays_known_in_an_outage(subject: SourceSubject, _: Keys) -> Outcome {
    let before = subject.source.range(after(AMPLE)).await?;
    for mode in [UpstreamMode::Fails, UpstreamMode::Holds] {
        let Some(upstream) = &subject.upstream else { return Ok(()) };
        upstream.set_mode(mode);
        let during = demand_in_time(subject.source.range(now())).await??;
        demand_equal("the range during an outage", &during, &before)?;
    }
    Ok(())
}

async fn a_comic_in_memory_comes_at_once_in_an_outage(subject: SourceSubject, _: Keys) -> Outcome {
    let number = subject.some_comics().await?[1];
    let before = subject.comic(number).await?;
    for mode in [UpstreamMode::Fails, UpstreamMode::Holds] {
        let Some(upstream) = &subject.upstream else { return Ok(()) };
        upstream.set_mode(mode);
        let during = demand_in_time(subject.source.comic(number, now())).await??;
        demand_equal("the comic during an outage", &during.map(|it| it.comic), &Some(before.comic.clone()))?;
        demand(subject.source.in_memory(number).is_some(), "the comic stays in memory")?;
    }
    Ok(())
}

async fn an_outage_is_not_taken_for_absence(subject: SourceSubject, _: Keys) -> Outcome {
    let number = subject.some_comics().await?[1];
    let Some(upstream) = &subject.upstream else { return Ok(()) };
    upstream.set_mode(UpstreamMode::Fails);
    let during = subject.source.comic(number, after(AMPLE)).await;
    demand(matches!(during, Err(ComicSourceError::Unavailable(_))), "an outage makes a comic unavailable")?;
    demand_equal("the comic in memory", &subject.source.in_memory(number), &None)
}

async fn a_comic_that_hangs_is_given_up_by_the_deadline(subject: SourceSubject, _: Keys) -> Outcome {
    let number = subject.some_comics().await?[1];
    let Some(upstream) = &subject.upstream else { return Ok(()) };
    upstream.set_mode(UpstreamMode::Holds);
    let deadline = after(Duration::from_millis(200));
    let given_up = demand_in_time(subject.source.comic(number, deadline)).await?;
    demand(matches!(given_up, Err(ComicSourceError::Unavailable(_))), "what hangs is unavailable")
}

async fn a_range_that_hangs_is_given_up_by_the_deadline(subject: SourceSubject, _: Keys) -> Outcome {
    let Some(upstream) = &subject.upstream else { return Ok(()) };
    upstream.set_mode(UpstreamMode::Holds);
    let deadline = after(Duration::from_millis(200));
    // A source that knows its range from the start may say it.
    match demand_in_time(subject.source.range(deadline)).await? {
        Ok(_) | Err(ComicSourceError::Unavailable(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn callers_at_the_same_time_cause_one_fetch(subject: SourceSubject, _: Keys) -> Outcome {
    let number = subject.some_comics().await?[1];
    let Some(upstream) = &subject.upstream else { return Ok(()) };
    upstream.set_mode(UpstreamMode::Holds);
    let callers = join_all((0..8).map(|_| subject.comic(number)));
    let release = async {
        pause(Duration::from_millis(100)).await;
        upstream.set_mode(UpstreamMode::Answers);
    };
    let (comics, ()) = join(callers, release).await;
    comics.into_iter().collect::<Result<Vec<_>, _>>()?;
    demand_equal("how often the comic was fetched", &upstream.fetches(number), &1)
}

async fn a_caller_who_leaves_does_not_stop_the_fetch(subject: SourceSubject, _: Keys) -> Outcome {
    let number = subject.some_comics().await?[1];
    let Some(upstream) = &subject.upstream else { return Ok(()) };
    upstream.set_mode(UpstreamMode::Holds);
    let leaver = within(Duration::from_millis(100), subject.comic(number));
    let release = async {
        pause(Duration::from_millis(200)).await;
        upstream.set_mode(UpstreamMode::Answers);
    };
    // The one who leaves asks first, so that the fetch is theirs.
    let (left, stayed, ()) = futures_util::future::join3(leaver, subject.comic(number), release).await;
    demand(left.is_none(), "the upstream holds what was asked for")?;
    stayed?;
    Ok(())
}
