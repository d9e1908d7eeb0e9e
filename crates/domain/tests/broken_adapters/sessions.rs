//! Sessions in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use xkcd_domain::account::SessionEpoch;
use xkcd_domain::ports::session_store::{SessionStore, SessionStoreError};
use xkcd_domain::session::{Session, SessionKey};

use crate::flaw::{Flaw, let_others_run, now};

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn store(flaw: Flaw) -> Arc<dyn SessionStore> {
    Arc::new(FlawedSessions { flaw, state: Mutex::default() })
}

struct FlawedSessions {
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: BTreeMap<String, (Session, Instant)>,
    removed: BTreeMap<String, (Session, Instant)>,
    touched: Vec<String>,
}

impl State {
    fn knows(&self, key: &str) -> bool {
        self.sessions.contains_key(key)
            || self.removed.contains_key(key)
            || self.touched.iter().any(|it| it == key)
    }
}

#[async_trait]
impl SessionStore for FlawedSessions {
    async fn create(
        &self,
        key: &SessionKey,
        session: &Session,
        mut time_to_live: Duration,
    ) -> Result<(), SessionStoreError> {
        let_others_run().await;
        if time_to_live < SECOND && self.flaw.is("a_time_below_a_second_is_a_time") {
            return Err(SessionStoreError::Corrupt("invalid expire time".into()));
        }
        if time_to_live == SECOND && self.flaw.is("a_session_ends_when_its_time_has_passed") {
            time_to_live *= 10;
        }
        let mut session = session.clone();
        if self.flaw.is("a_session_comes_back_as_it_was_kept") {
            session.epoch = SessionEpoch(session.epoch.0 & i64::from(i32::MAX));
        }
        let kept = (session, now() + time_to_live);
        self.state.lock().unwrap().sessions.insert(key.to_string(), kept);
        Ok(())
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Session>, SessionStoreError> {
        let_others_run().await;
        let (key, state) = (key.to_string(), self.state.lock().unwrap());
        if self.flaw.is("an_unknown_key_has_no_session") && !state.knows(&key) {
            return Err(SessionStoreError::Corrupt("no such key".into()));
        }
        Ok(state.sessions.get(&key).filter(|(_, until)| *until > now()).map(|(session, _)| session.clone()))
    }

    async fn touch(&self, key: &SessionKey, time_to_live: Duration) -> Result<bool, SessionStoreError> {
        let_others_run().await;
        let (key, flaw) = (key.to_string(), self.flaw);
        let known = self.state.lock().unwrap().knows(&key);
        let found = {
            let mut state = self.state.lock().unwrap();
            state.touched.push(key.clone());
            let removed = state.removed.get(&key).filter(|_| flaw.is("a_removed_session_is_not_revived"));
            state.sessions.get(&key).or(removed).cloned()
        };
        flaw.pauses("a_session_removed_while_touched_is_gone").await;
        let Some((mut session, until)) = found else {
            return Ok(!known && flaw.is("touch_makes_no_session"));
        };
        if until <= now() && !flaw.is("a_session_that_ended_is_not_revived") {
            return Ok(false);
        }
        if flaw.is("touch_changes_nothing_but_the_time") {
            session.signed_in_at += SECOND;
        }
        let wanted = now() + time_to_live;
        let keeps = (wanted > until && flaw.is("touch_prolongs_a_session"))
            || (wanted < until && time_to_live >= SECOND && flaw.is("touch_shortens_a_session"));
        let kept = (session, if keeps { until } else { wanted });
        self.state.lock().unwrap().sessions.insert(key, kept);
        Ok(true)
    }

    async fn remove(&self, key: &SessionKey) -> Result<(), SessionStoreError> {
        let_others_run().await;
        let (key, mut state) = (key.to_string(), self.state.lock().unwrap());
        if state.sessions.len() > 1 && self.flaw.is("a_removed_session_is_gone") {
            return Ok(());
        }
        match state.sessions.remove(&key) {
            Some(session) => {
                state.removed.insert(key, session);
                Ok(())
            }
            None if self.flaw.is("removing_what_is_not_there_is_fine") => {
                Err(SessionStoreError::Corrupt("no such key".into()))
            }
            None => Ok(()),
        }
    }
}
