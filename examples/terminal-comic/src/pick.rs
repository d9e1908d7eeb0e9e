//! Which comic is shown: a caller of the domain and of a port.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use xkcd_domain::comic::{ComicNumber, InvalidComicNumber, Sourced};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError};
use xkcd_domain::show_comic::{Decks, ShowComic};

use crate::stand_ins::StandIns;

/// What somebody wants to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    Random,
    Newest,
    Number(ComicNumber),
}

impl FromStr for Wish {
    type Err = InvalidComicNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "newest" { Ok(Self::Newest) } else { text.parse().map(Self::Number) }
    }
}

/// What is shown.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) shown: Sourced,
    /// Whether it stands in for a comic that can't be had.
    pub(crate) stand_in: bool,
}

/// Picks a comic by `deadline`; `None` when there is none of that number. A random one can always be shown.
///
/// # Errors
///
/// When a comic that was asked for can't be had.
pub(crate) async fn pick(
    wish: Wish,
    xkcd: Arc<dyn ComicSource>,
    seed: u64,
    deadline: Instant,
) -> Result<Option<Picked>, ComicSourceError> {
    let number = match wish {
        Wish::Random => {
            let show = ShowComic::new(xkcd, Arc::new(StandIns::new()));
            let drawn = show.random(Decks::default(), seed, deadline).await?;
            return Ok(Some(Picked { shown: drawn.shown, stand_in: drawn.stand_in }));
        }
        Wish::Newest => xkcd.range(deadline).await?.newest(),
        Wish::Number(number) => number,
    };
    let found = xkcd.comic(number, deadline).await?;
    Ok(found.map(|shown| Picked { shown, stand_in: false }))
}

/// A caller's unit tests: mocks where a call's arguments matter or must not be made, faults where a source
/// that works otherwise fails.
#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::time::Duration;

    use xkcd_domain::comic::ComicRange;
    use xkcd_domain::faulty::{Call, Fault, Faulty};
    use xkcd_domain::ports::comic_source::MockComicSource;

    use super::*;

    const SEED: u64 = 7;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    /// Picks of a source that works as far as `plan` lets it.
    async fn pick_of(
        wish: Wish,
        plan: impl Fn(Call) -> Fault + Send + Sync + 'static,
    ) -> Result<Option<Picked>, ComicSourceError> {
        let source = Faulty::new(Arc::new(StandIns::new()), move |call| ready(plan(call)));
        pick(wish, Arc::new(source), SEED, soon()).await
    }

    #[test]
    fn a_wish_is_a_number_or_the_newest() {
        assert_eq!("353".parse(), Ok(Wish::Number(353_u32.try_into().unwrap())));
        assert_eq!("newest".parse(), Ok(Wish::Newest));
        for wrong in ["404", "0", "-1", "Newest", ""] {
            assert_eq!(wrong.parse::<Wish>(), Err(InvalidComicNumber), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_comic_is_asked_for_by_its_number_alone() {
        let number = ComicNumber::ONE;
        let mut source = MockComicSource::new();
        source.expect_range().never();
        source.expect_comic().withf(move |asked, _| *asked == number).times(1).returning(|_, _| Ok(None));

        let picked = pick(Wish::Number(number), Arc::new(source), SEED, soon()).await;
        assert!(matches!(picked, Ok(None)), "{picked:?}");
    }

    #[tokio::test]
    async fn the_newest_is_the_end_of_the_range() {
        let [first, newest] = [1_u32, 3].map(|number| ComicNumber::try_from(number).unwrap());
        let mut source = MockComicSource::new();
        source.expect_range().times(1).returning(move |_| Ok(ComicRange::new(first, newest).unwrap()));
        source.expect_comic().withf(move |asked, _| *asked == newest).times(1).returning(|_, _| Ok(None));

        let picked = pick(Wish::Newest, Arc::new(source), SEED, soon()).await;
        assert!(matches!(picked, Ok(None)), "{picked:?}");
    }

    #[tokio::test]
    async fn nothing_stands_in_for_a_comic_that_was_asked_for() {
        for wish in [Wish::Newest, Wish::Number(ComicNumber::FIRST_BUILT_IN)] {
            let picked = pick_of(wish, |_| Fault::Unavailable).await;
            assert!(matches!(picked, Err(ComicSourceError::Unavailable(_))), "{picked:?}");
        }
    }

    #[tokio::test]
    async fn another_comic_stands_in_for_a_random_one_when_the_source_is_down() {
        let picked = pick_of(Wish::Random, |_| Fault::Unavailable).await;
        assert!(matches!(picked, Ok(Some(Picked { stand_in: true, .. }))), "{picked:?}");
    }

    #[tokio::test]
    async fn a_random_comic_that_is_garbage_is_passed_over_for_the_next_one() {
        let picked = pick_of(Wish::Random, |call| match call {
            Call { method: "comic", nth: 1 } => Fault::Corrupt,
            _ => Fault::None,
        });
        let picked = picked.await;
        assert!(matches!(picked, Ok(Some(Picked { stand_in: false, .. }))), "{picked:?}");
    }
}
