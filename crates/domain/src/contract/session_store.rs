//! The contract of a [`SessionStore`]. The subject is the store; others may use it at the same time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use time::OffsetDateTime;

use super::keys::Keys;
use super::waiting::{eventually, pause};
use super::{Outcome, demand, demand_equal};
use crate::account::SessionEpoch;
use crate::ports::session_store::SessionStore;
use crate::session::{CsrfToken, Session, SessionKey};

type Store = Arc<dyn SessionStore>;

crate::__contract_clauses! { session_store, __contract_table, Store, }

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_secs(1);

fn a_session(keys: &mut Keys) -> Session {
    Session {
        username: keys.username("admin@example.org-"),
        epoch: SessionEpoch(7_000_000_000),
        signed_in_at: OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + keys.bits() % 1_000),
        csrf_token: CsrfToken::from_bytes(keys.bytes()),
    }
}

async fn is_gone(store: &Store, key: SessionKey) -> Outcome {
    demand_equal("a session that should be gone", &store.load(&key).await?, &None)
}

async fn goes_in_time(store: &Store, key: SessionKey) -> Outcome {
    eventually("the session was over", || async { Ok(store.load(&key).await?.is_none()) }).await
}

async fn a_session_comes_back_as_it_was_kept(store: Store, mut keys: Keys) -> Outcome {
    let (key, other_key) = (keys.session(), keys.session());
    let (session, other) = (a_session(&mut keys), a_session(&mut keys));
    store.create(&key, &session, LONG).await?;
    store.create(&other_key, &other, LONG).await?;
    demand_equal("the session", &store.load(&key).await?, &Some(session))?;
    demand_equal("the other session", &store.load(&other_key).await?, &Some(other))
}

async fn an_unknown_key_has_no_session(store: Store, mut keys: Keys) -> Outcome {
    is_gone(&store, keys.session()).await
}

async fn a_session_ends_when_its_time_has_passed(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    store.create(&key, &a_session(&mut keys), SHORT).await?;
    goes_in_time(&store, key).await
}

async fn a_session_that_ended_is_not_revived(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    store.create(&key, &a_session(&mut keys), Duration::from_millis(1_200)).await?;
    goes_in_time(&store, key).await?;
    demand(!store.touch(&key, LONG).await?, "touch says that a session which ended is not there")?;
    is_gone(&store, key).await
}

async fn a_time_below_a_second_is_a_time(store: Store, mut keys: Keys) -> Outcome {
    let (created, touched) = (keys.session(), keys.session());
    store.create(&created, &a_session(&mut keys), Duration::from_millis(300)).await?;
    store.create(&touched, &a_session(&mut keys), LONG).await?;
    demand(
        store.touch(&touched, Duration::from_millis(300)).await?,
        "touch finds the session that it gives less than a second",
    )?;
    goes_in_time(&store, created).await?;
    goes_in_time(&store, touched).await
}

async fn touch_prolongs_a_session(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    store.create(&key, &a_session(&mut keys), SHORT).await?;
    demand(store.touch(&key, LONG).await?, "touch finds the session")?;
    pause(SHORT + Duration::from_millis(500)).await;
    demand(store.load(&key).await?.is_some(), "the session lasts for the time that touch gave it")
}

async fn touch_shortens_a_session(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    store.create(&key, &a_session(&mut keys), LONG).await?;
    demand(store.touch(&key, SHORT).await?, "touch finds the session")?;
    goes_in_time(&store, key).await
}

async fn touch_changes_nothing_but_the_time(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    store.create(&key, &a_session(&mut keys), LONG).await?;
    let before = store.load(&key).await?;
    store.touch(&key, LONG).await?;
    demand_equal("the session that was touched", &store.load(&key).await?, &before)
}

async fn touch_makes_no_session(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    demand(!store.touch(&key, LONG).await?, "touch says that an unknown session is not there")?;
    is_gone(&store, key).await
}

async fn a_removed_session_is_gone(store: Store, mut keys: Keys) -> Outcome {
    let (removed, kept) = (keys.session(), keys.session());
    store.create(&removed, &a_session(&mut keys), LONG).await?;
    store.create(&kept, &a_session(&mut keys), LONG).await?;
    store.remove(&removed).await?;
    is_gone(&store, removed).await?;
    demand(store.load(&kept).await?.is_some(), "the other session is still there")
}

async fn a_removed_session_is_not_revived(store: Store, mut keys: Keys) -> Outcome {
    let key = keys.session();
    store.create(&key, &a_session(&mut keys), LONG).await?;
    store.remove(&key).await?;
    demand(!store.touch(&key, LONG).await?, "touch says that a removed session is not there")?;
    is_gone(&store, key).await
}

async fn removing_what_is_not_there_is_fine(store: Store, mut keys: Keys) -> Outcome {
    store.remove(&keys.session()).await?;
    Ok(())
}

async fn a_session_removed_while_touched_is_gone(store: Store, mut keys: Keys) -> Outcome {
    for _ in 0..5 {
        let key = keys.session();
        store.create(&key, &a_session(&mut keys), LONG).await?;
        let touches = join_all((0..6).map(|_| store.touch(&key, LONG)));
        let (results, removed) = join(touches, store.remove(&key)).await;
        results.into_iter().collect::<Result<Vec<_>, _>>()?;
        removed?;
        is_gone(&store, key).await?;
    }
    Ok(())
}
