//! An archive in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use time::OffsetDateTime;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::ports::comic_archive::{ArchiveChanges, ArchivedComic, ComicArchive, ComicArchiveError};

use crate::flaw::{Flaw, let_others_run, now};

pub(crate) fn archive(flaw: Flaw) -> Arc<dyn ComicArchive> {
    Arc::new(FlawedArchive { flaw, state: Mutex::default() })
}

struct FlawedArchive {
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Each comic with the save it came with.
    comics: BTreeMap<ComicNumber, (ArchivedComic, i64)>,
    saves: i64,
    /// The first and the last comic of the saves that are under way.
    under_way: Vec<[ComicNumber; 2]>,
    claim: Option<(String, Instant)>,
    contested: bool,
}

impl FlawedArchive {
    fn keep(&self, comics: &[ArchivedComic]) {
        let mut state = self.state.lock().unwrap();
        state.saves += 1;
        let save = state.saves;
        for comic in comics {
            let mut comic = comic.clone();
            if self.flaw.is("a_comic_comes_back_as_it_was_saved") {
                comic.comic.transcript = comic.comic.transcript.map(|it| it.chars().take(1_000).collect());
            }
            let Some((kept, since)) = state.comics.get_mut(&comic.comic.number) else {
                state.comics.insert(comic.comic.number, (comic, save));
                continue;
            };
            let by_a_wrong_clock =
                kept.fetched_at.year() >= 9_000 && !self.flaw.is("a_comic_from_the_future_is_replaced");
            let replaces = if by_a_wrong_clock {
                true
            } else if self.flaw.is("a_comic_fetched_later_replaces") {
                comic.fetched_at == kept.fetched_at
            } else {
                comic.fetched_at >= kept.fetched_at
                    || self.flaw.is("a_comic_fetched_earlier_does_not_replace")
            };
            if replaces {
                *kept = comic;
                if !self.flaw.is("what_was_saved_since_is_loaded") {
                    *since = save;
                }
            }
        }
    }
}

#[async_trait]
impl ComicArchive for FlawedArchive {
    async fn load(&self, since: Option<OffsetDateTime>) -> Result<ArchiveChanges, ComicArchiveError> {
        let_others_run().await;
        let since = since.map_or(0, OffsetDateTime::unix_timestamp);
        let (mut comics, mut as_of) = {
            let state = self.state.lock().unwrap();
            let comics: Vec<_> = state.comics.values().filter(|(_, save)| *save > since).cloned().collect();
            (comics, state.saves)
        };
        if self.flaw.is("a_comic_saved_while_loading_is_not_missed") {
            // Longer than a save takes, so that one falls in between.
            let_others_run().await;
            let_others_run().await;
            as_of = self.state.lock().unwrap().saves;
        }
        if self.flaw.is("comics_are_loaded_in_ascending_order_each_once") {
            comics.sort_by_key(|(_, save)| *save);
        }
        Ok(ArchiveChanges {
            comics: comics.into_iter().map(|(comic, _)| comic).collect(),
            as_of: OffsetDateTime::from_unix_timestamp(as_of).unwrap(),
        })
    }

    async fn save(&self, comics: &[ArchivedComic]) -> Result<(), ComicArchiveError> {
        let [Some(first), Some(last)] = [comics.first(), comics.last()] else {
            let refused = self.flaw.is("saving_nothing_is_fine");
            return if refused { Err(ComicArchiveError::Corrupt("no rows".into())) } else { Ok(()) };
        };
        let way = [first.comic.number, last.comic.number];
        self.state.lock().unwrap().under_way.push(way);
        let_others_run().await;
        let meets = self.state.lock().unwrap().under_way.contains(&[way[1], way[0]]) && way[0] != way[1];
        let (some, others) = comics.split_at(comics.len() / 2);
        if self.flaw.is("what_is_saved_together_is_seen_together") {
            self.keep(some);
            let_others_run().await;
            self.keep(others);
        } else {
            self.keep(comics);
        }
        let_others_run().await;
        self.state.lock().unwrap().under_way.retain(|it| *it != way);
        if meets && self.flaw.is("savers_of_the_same_comics_never_deadlock") {
            return Err(ComicArchiveError::Unavailable("deadlock detected".into()));
        }
        Ok(())
    }

    async fn claim_fill(&self, holder: &str, period: Duration) -> Result<bool, ComicArchiveError> {
        let_others_run().await;
        let holding = {
            let state = self.state.lock().unwrap();
            let lasts = |until: Instant| until > now() || self.flaw.is("a_claim_runs_out");
            state.claim.as_ref().filter(|(_, until)| lasts(*until)).map(|(holder, _)| holder.clone())
        };
        self.flaw.pauses("of_many_who_claim_at_once_one_has_the_fill").await;
        let mut state = self.state.lock().unwrap();
        let renews = holding.as_deref() == Some(holder);
        if holding.is_some() && !renews {
            state.contested = true;
            if period.is_zero() && self.flaw.is("a_claim_is_given_back_by_its_holder_alone") {
                state.claim = None;
            }
            return Ok(false);
        }
        if period.is_zero() {
            state.claim = None;
        } else if !(renews && self.flaw.is("the_holder_renews_the_claim")) {
            state.claim = Some((holder.into(), now() + period));
        }
        Ok(!(renews && state.contested && self.flaw.is("one_holder_has_the_fill_at_a_time")))
    }
}
