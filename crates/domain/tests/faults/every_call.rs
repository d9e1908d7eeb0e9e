//! Every method of every port can fail, and does so without reaching the adapter: mocks without expectations
//! panic when they are called.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use time::OffsetDateTime;
use time::macros::date;
use xkcd_domain::account::{PasswordHash, Role, SessionEpoch};
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::faulty::{Fault, Faulty};
use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError, MockAccountStore, NewAccount};
use xkcd_domain::ports::comic_archive::{ComicArchive, ComicArchiveError, MockComicArchive};
use xkcd_domain::ports::comic_source::{ComicSource, ComicSourceError, MockComicSource};
use xkcd_domain::ports::secret_provider::{MockSecretProvider, SecretProvider, SecretProviderError};
use xkcd_domain::ports::session_store::{MockSessionStore, SessionStore, SessionStoreError};
use xkcd_domain::ports::sign_in_throttle::{MockSignInThrottle, SignInThrottle, SignInThrottleError};
use xkcd_domain::ports::view_counter::{MockViewCounter, ViewCounter, ViewCounterError};
use xkcd_domain::ports::view_ledger::{
    HistoryQuery, LedgerOrder, LedgerPage, LedgerQuery, MockViewLedger, ViewLedger, ViewLedgerError,
};
use xkcd_domain::session::{CsrfToken, Session, SessionId};
use xkcd_domain::throttle::SignInAttempt;

/// Calls methods of a port, once where each is `Unavailable` and once where each is `Corrupt`.
macro_rules! assert_all_fail {
    ($mock:ident, $error:ident: $($method:ident($($argument:expr),*))*) => {
        let unavailable = Faulty::new(Arc::new($mock::new()), |_| ready(Fault::Unavailable));
        let corrupt = Faulty::new(Arc::new($mock::new()), |_| ready(Fault::Corrupt));
        $(
            let told = block_on(unavailable.$method($($argument),*));
            assert!(matches!(told, Err($error::Unavailable(_))), stringify!($method));
            let told = block_on(corrupt.$method($($argument),*));
            assert!(matches!(told, Err($error::Corrupt(_))), stringify!($method));
            assert_eq!(unavailable.calls(stringify!($method)), 1);
        )*
    };
}

#[test]
fn calls_about_comics_and_secrets_fail_as_told() {
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    let now = std::time::Instant::now();
    assert_all_fail!(MockComicSource, ComicSourceError: range(now) comic(ComicNumber::ONE, now));
    assert_all_fail!(MockComicArchive, ComicArchiveError:
        load(None) save(&[]) claim_fill("holder", Duration::ZERO));
    assert_all_fail!(MockSecretProvider, SecretProviderError: get(&[], &[]));
}

#[test]
fn calls_about_views_fail_as_told() {
    assert_all_fail!(MockViewCounter, ViewCounterError: apply(&super::batch()) totals(&[]) most_viewed(1));
    let by = "ada".parse().unwrap();
    let query = LedgerQuery {
        least_views: None,
        most_views: None,
        only: None,
        order: LedgerOrder::default(),
        page: LedgerPage::First,
        limit: 1,
    };
    let history = HistoryQuery { comic: None, before: None, limit: 1 };
    let day = date!(2026 - 11 - 25);
    assert_all_fail!(MockViewLedger, ViewLedgerError:
        list(&query) adjust(&[], &by) remove(&[], &by) history(&history) days(day, day));
}

#[test]
fn calls_about_people_fail_as_told() {
    let (username, password_hash) = ("ada".parse().unwrap(), PasswordHash::new("$argon2id$"));
    let new = NewAccount { username, role: Role::Viewer, password_hash };
    assert_all_fail!(MockAccountStore, AccountStoreError:
        find(&new.username) list() create(&new) set_password(&new.username, &new.password_hash)
        set_role(&new.username, Role::Viewer) set_active(&new.username, false));
    let session = Session {
        username: new.username,
        epoch: SessionEpoch(1),
        signed_in_at: OffsetDateTime::UNIX_EPOCH,
        csrf_token: CsrfToken::from_bytes([7; 32]),
    };
    let key = SessionId::from_bytes([7; 32]).key();
    assert_all_fail!(MockSessionStore, SessionStoreError:
        create(&key, &session, Duration::ZERO) load(&key) touch(&key, Duration::ZERO) remove(&key));
    let attempt = SignInAttempt::new("ada", IpAddr::V4(Ipv4Addr::LOCALHOST));
    assert_all_fail!(MockSignInThrottle, SignInThrottleError: attempt(&attempt) clear(&attempt));
}
