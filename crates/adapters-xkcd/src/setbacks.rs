//! What recently came in place of a comic, so that it is not asked for again at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Asked;
use crate::fetch_error::FetchError;

/// How long a number that has no comic is not asked for again.
const ABSENCE_HOLDS: Duration = Duration::from_mins(1);
/// How long after a failure a comic is not asked for again.
const FAILURE_HOLDS: Duration = Duration::from_secs(10);
/// How many are kept. xkcd.com has fewer comics than this; only a hostile upstream has more to fail with.
const MOST: usize = 8_192;

#[derive(Clone)]
pub(crate) enum Setback {
    /// There is no such comic.
    Absent,
    /// The upstream gave something that is not a comic.
    Corrupt(Arc<FetchError>),
    /// The upstream gave nothing. Whoever needs the comic may ask again; what is in memory is not refreshed.
    Failed,
}

impl Setback {
    const fn holds(&self) -> Duration {
        match self {
            Self::Absent => ABSENCE_HOLDS,
            Self::Corrupt(_) | Self::Failed => FAILURE_HOLDS,
        }
    }
}

#[derive(Default)]
pub(crate) struct Setbacks(Mutex<HashMap<Asked, Noted>>);

struct Noted {
    setback: Setback,
    until: Instant,
}

impl Setbacks {
    /// Notes a setback. `true` when it is another kind than the last one, which is remembered beyond its
    /// time until a comic comes or the room is needed. So a document that stays garbage is news once.
    pub(crate) fn note(&self, asked: Asked, setback: Setback) -> bool {
        let now = Instant::now();
        let mut noted = self.noted();
        if noted.len() >= MOST && !noted.contains_key(&asked) {
            noted.retain(|_, it| it.until > now);
            if noted.len() >= MOST {
                return false;
            }
        }
        let kind = std::mem::discriminant(&setback);
        let last = noted.insert(asked, Noted { until: now + setback.holds(), setback });
        last.is_none_or(|it| std::mem::discriminant(&it.setback) != kind)
    }

    /// The setback that is in force, if one is.
    pub(crate) fn get(&self, asked: Asked) -> Option<Setback> {
        let noted = self.noted();
        noted.get(&asked).filter(|it| it.until > Instant::now()).map(|it| it.setback.clone())
    }

    /// A comic came.
    pub(crate) fn clear(&self, asked: Asked) {
        self.noted().remove(&asked);
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<Asked, Noted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(number: u32) -> Asked {
        Asked::Number(number.try_into().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn an_absence_holds_for_a_minute() {
        let setbacks = Setbacks::default();
        assert!(setbacks.note(asked(1), Setback::Absent));
        assert!(matches!(setbacks.get(asked(1)), Some(Setback::Absent)));
        assert!(setbacks.get(asked(2)).is_none());
        tokio::time::advance(ABSENCE_HOLDS).await;
        assert!(setbacks.get(asked(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_setback_is_news_once_until_a_comic_comes() {
        let setbacks = Setbacks::default();
        assert!(setbacks.note(asked(1), Setback::Failed));
        tokio::time::advance(2 * FAILURE_HOLDS).await;
        assert!(!setbacks.note(asked(1), Setback::Failed));
        assert!(setbacks.note(asked(1), Setback::Absent));
        setbacks.clear(asked(1));
        assert!(setbacks.note(asked(1), Setback::Absent));
    }

    #[tokio::test(start_paused = true)]
    async fn their_number_is_bounded_and_old_ones_make_room() {
        let setbacks = Setbacks::default();
        for number in (1_000..).take(MOST) {
            assert!(setbacks.note(asked(number), Setback::Absent));
        }
        assert!(!setbacks.note(asked(1), Setback::Absent));
        assert!(setbacks.get(asked(1)).is_none() && setbacks.noted().len() == MOST);
        tokio::time::advance(ABSENCE_HOLDS).await;
        assert!(setbacks.note(asked(1), Setback::Absent));
        assert_eq!(setbacks.noted().len(), 1);
    }
}
