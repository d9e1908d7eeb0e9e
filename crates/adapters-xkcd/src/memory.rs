//! All comics once seen.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::Instant;
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange};
use xkcd_domain::ports::comic_archive::ArchivedComic;

/// By how much clocks may differ. What was fetched later than that from now was fetched by a clock that was wrong, and
/// counts as the oldest.
const CLOCKS_DIFFER_BY: time::Duration = time::Duration::DAY;

/// A comic in memory.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) comic: Arc<Comic>,
    pub(crate) fetched_at: OffsetDateTime,
}

impl Held {
    /// Whether it is past its time to live. One from the future is, too: it was fetched by a clock that was
    /// wrong, or ours is, and must not live forever.
    pub(crate) fn is_older_than(&self, time_to_live: Duration, now: OffsetDateTime) -> bool {
        (now - self.fetched_at).unsigned_abs() > time_to_live
    }

    /// Whether a document that was fetched at another moment is to stay out because of this one.
    fn is_later_than(&self, other: OffsetDateTime, now: OffsetDateTime) -> bool {
        let trusted = |moment: OffsetDateTime| Some(moment).filter(|it| *it - now <= CLOCKS_DIFFER_BY);
        trusted(self.fetched_at) > trusted(other)
    }
}

/// What is known of the newest comic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Newest {
    pub(crate) number: ComicNumber,
    /// When the upstream last said so; `None` when only the archive has.
    pub(crate) confirmed: Option<Instant>,
}

impl Newest {
    pub(crate) fn is_confirmed_within(self, time: Duration) -> bool {
        self.confirmed.is_some_and(|it| it.elapsed() <= time)
    }
}

/// Every comic once seen, and the newest number. Reading costs a short lock and a clone.
#[derive(Default)]
pub(crate) struct Memory {
    state: RwLock<State>,
    newest: watch::Sender<Option<Newest>>,
}

#[derive(Default)]
struct State {
    comics: BTreeMap<ComicNumber, Held>,
    /// All of them in ascending order, until a comic changes.
    listed: Option<Arc<[Arc<Comic>]>>,
}

impl Memory {
    pub(crate) fn get(&self, number: ComicNumber) -> Option<Held> {
        self.read().comics.get(&number).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.read().comics.len()
    }

    pub(crate) fn all(&self) -> Arc<[Arc<Comic>]> {
        if let Some(listed) = &self.read().listed {
            return Arc::clone(listed);
        }
        let State { comics, listed } = &mut *self.write();
        Arc::clone(listed.get_or_insert_with(|| comics.values().map(|it| Arc::clone(&it.comic)).collect()))
    }

    /// Takes a comic in, and gives what is in memory then: one that was fetched later stays.
    pub(crate) fn insert(&self, comic: Comic, fetched_at: OffsetDateTime) -> Held {
        let number = comic.number;
        let held = self.write().insert(comic, fetched_at);
        // A comic alone does not tell which is the newest, only that it is not an earlier one.
        self.newest.send_if_modified(|newest| match newest {
            Some(it) if it.number < number => {
                it.number = number;
                true
            }
            _ => false,
        });
        held
    }

    /// Takes in what others saved.
    pub(crate) fn insert_archived(&self, comics: Vec<ArchivedComic>) {
        let newest = comics.iter().map(|it| it.comic.number).max();
        let mut state = self.write();
        for ArchivedComic { comic, fetched_at } in comics {
            state.insert(comic, fetched_at);
        }
        drop(state);
        if let Some(number) = newest {
            self.raise_newest(Newest { number, confirmed: None });
        }
    }

    pub(crate) fn newest(&self) -> Option<Newest> {
        *self.newest.borrow()
    }

    pub(crate) fn range(&self) -> Option<ComicRange> {
        ComicRange::new(ComicNumber::ONE, self.newest()?.number)
    }

    /// Waits until the newest number is known.
    pub(crate) async fn newest_known(&self) {
        // The sender lives as long as `self`.
        let _ = self.newest.subscribe().wait_for(Option::is_some).await;
    }

    /// Somebody named the newest. It never falls.
    pub(crate) fn raise_newest(&self, said: Newest) {
        self.newest.send_modify(|newest| {
            let known = newest.get_or_insert(said);
            known.number = known.number.max(said.number);
            known.confirmed = said.confirmed.or(known.confirmed);
        });
    }

    /// The comics that should be fetched: those not in memory, the newest first, then those past their time
    /// to live, the oldest first. None while the newest is unknown.
    pub(crate) fn lacking(&self, time_to_live: Duration, now: OffsetDateTime) -> Vec<ComicNumber> {
        let Some(range) = self.range() else { return Vec::new() };
        let comics = &self.read().comics;
        let missing =
            (0..range.len()).rev().filter_map(|it| range.nth(it)).filter(|it| !comics.contains_key(it));
        let mut old: Vec<_> = comics.iter().filter(|(_, it)| it.is_older_than(time_to_live, now)).collect();
        old.sort_by_key(|(_, it)| it.fetched_at);
        missing.chain(old.into_iter().map(|(number, _)| *number)).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insert(&mut self, comic: Comic, fetched_at: OffsetDateTime) -> Held {
        match self.comics.entry(comic.number) {
            Entry::Vacant(entry) => {
                self.listed = None;
                entry.insert(Held { comic: Arc::new(comic), fetched_at }).clone()
            }
            Entry::Occupied(mut entry) => {
                let held = entry.get_mut();
                if !held.is_later_than(fetched_at, OffsetDateTime::now_utc()) {
                    held.fetched_at = fetched_at;
                    // Most documents never change: what lists them stays as it is.
                    if *held.comic != comic {
                        held.comic = Arc::new(comic);
                        self.listed = None;
                    }
                }
                held.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn comic(number: u32, title: &str) -> Comic {
        Comic {
            number: number.try_into().unwrap(),
            title: title.to_owned(),
            caption: None,
            transcript: None,
            image: None,
            link: None,
            interactive: false,
            published: None,
        }
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn archived(number: u32, fetched_at: i64) -> ArchivedComic {
        ArchivedComic { comic: comic(number, "Archived"), fetched_at: at(fetched_at) }
    }

    fn numbers(comics: &[ComicNumber]) -> Vec<u32> {
        comics.iter().map(|it| it.get()).collect()
    }

    #[test]
    fn the_list_of_all_is_made_anew_only_when_a_comic_changed() {
        let memory = Memory::default();
        memory.insert(comic(2, "Two"), at(1));
        memory.insert(comic(1, "One"), at(1));
        let all = memory.all();
        assert_eq!(all.iter().map(|it| it.number.get()).collect::<Vec<_>>(), [1, 2]);

        memory.insert(comic(2, "Two"), at(2));
        assert!(Arc::ptr_eq(&memory.all(), &all), "the document is newer, the comic the same");
        assert_eq!(memory.get(all[1].number).unwrap().fetched_at, at(2));

        memory.insert(comic(2, "Another"), at(3));
        assert_eq!(memory.all()[1].title, "Another");
    }

    #[test]
    fn a_comic_fetched_earlier_does_not_replace_one_fetched_later() {
        let memory = Memory::default();
        memory.insert(comic(1, "Later"), at(2));
        assert_eq!(memory.insert(comic(1, "Earlier"), at(1)).comic.title, "Later");
        memory.insert_archived(vec![archived(1, 1)]);
        assert_eq!(memory.all()[0].title, "Later");
        memory.insert_archived(vec![archived(1, 3)]);
        assert_eq!(memory.all()[0].title, "Archived");
    }

    #[test]
    fn a_comic_from_the_far_future_is_replaced_and_replaces_nothing() {
        let (memory, future) = (Memory::default(), i64::from(u32::MAX) * 4);
        memory.insert(comic(1, "By a wrong clock"), at(future));
        assert_eq!(memory.insert(comic(1, "Fresh"), at(2)).comic.title, "Fresh");
        memory.insert_archived(vec![archived(1, future)]);
        assert_eq!(memory.all()[0].title, "Fresh");
    }

    #[test]
    fn the_newest_never_falls_and_is_not_guessed_from_any_comic() {
        let memory = Memory::default();
        memory.insert(comic(5, "Five"), at(1));
        assert_eq!(memory.range(), None);
        memory.insert_archived(vec![archived(7, 1), archived(3, 1)]);
        assert_eq!(memory.newest().unwrap().number.get(), 7);
        memory.insert(comic(9, "Nine"), at(1));
        assert_eq!(memory.newest().unwrap().number.get(), 9);
        memory.raise_newest(Newest { number: comic(8, "").number, confirmed: Some(Instant::now()) });
        let newest = memory.newest().unwrap();
        assert!(newest.number.get() == 9 && newest.confirmed.is_some());
    }

    #[test]
    fn what_lacks_is_the_missing_from_the_newest_on_and_the_old_from_the_oldest_on() {
        let memory = Memory::default();
        let now = at(10_000_000);
        assert_eq!(memory.lacking(DAY, now), []);
        memory.insert_archived(vec![archived(1, 0), archived(3, 9_999_999), archived(6, 1), archived(5, 2)]);
        assert_eq!(numbers(&memory.lacking(DAY, now)), [4, 2, 1, 6, 5]);
    }

    #[test]
    fn a_comic_from_the_far_future_is_past_its_time() {
        let held = |seconds| Held { comic: Arc::new(comic(1, "One")), fetched_at: at(seconds) };
        assert!(!held(90_000).is_older_than(DAY, at(90_000)));
        assert!(!held(90_000).is_older_than(DAY, at(86_400)), "a clock that differs by an hour is fine");
        assert!(held(0).is_older_than(DAY, at(86_401)));
        assert!(held(200_000).is_older_than(DAY, at(0)));
    }
}
