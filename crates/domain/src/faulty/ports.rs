//! [`Faulty`] as each port. A method that is missing here does not compile; what must not fail is written out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use time::{Date, OffsetDateTime};

use super::{Faulty, PortError};
use crate::account::{Account, PasswordHash, Role, Username};
use crate::comic::{Comic, ComicNumber, ComicRange, Sourced};
use crate::ports::Cause;
use crate::ports::account_store::{AccountStore, AccountStoreError, NewAccount};
use crate::ports::comic_archive::{ArchiveChanges, ArchivedComic, ComicArchive, ComicArchiveError};
use crate::ports::comic_source::{ComicSource, ComicSourceError};
use crate::ports::secret_provider::{SecretProvider, SecretProviderError};
use crate::ports::session_store::{SessionStore, SessionStoreError};
use crate::ports::sign_in_throttle::{SignInThrottle, SignInThrottleError};
use crate::ports::view_counter::{AppliedBatch, ViewCounter, ViewCounterError};
use crate::ports::view_ledger::{
    Adjustment, HistoryEntry, HistoryQuery, LedgerList, LedgerQuery, Removal, ViewLedger, ViewLedgerError,
};
use crate::secret::{SecretName, Secrets};
use crate::session::{Session, SessionKey};
use crate::throttle::{SignInAttempt, SignInVerdict};
use crate::views::{ViewBatch, ViewCount};

/// Implements a port: the methods that may fail by their signatures, then whatever cannot.
macro_rules! faulty_port {
    (
        $port:ident, $error:ident;
        $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*
        $({ $($infallible:item)* })?
    ) => {
        impl PortError for $error {
            fn unavailable(cause: Cause) -> Self {
                Self::Unavailable(cause)
            }

            fn corrupt(cause: Cause) -> Self {
                Self::Corrupt(cause)
            }
        }

        #[async_trait]
        impl<P: $port + ?Sized> $port for Faulty<P> {
            $(async fn $method(&self, $($argument: $kind),*) -> Result<$answer, $error> {
                self.go(stringify!($method), || P::$method(&self.port, $($argument),*)).await
            })*
            $($($infallible)*)?
        }
    };
}

faulty_port! {
    AccountStore, AccountStoreError;
    fn find(username: &Username) -> Option<Account>;
    fn list() -> Vec<Account>;
    fn create(account: &NewAccount) -> ();
    fn set_password(username: &Username, hash: &PasswordHash) -> ();
    fn set_role(username: &Username, role: Role) -> ();
    fn set_active(username: &Username, active: bool) -> ();
}

faulty_port! {
    ComicArchive, ComicArchiveError;
    fn load(since: Option<OffsetDateTime>) -> ArchiveChanges;
    fn save(comics: &[ArchivedComic]) -> ();
    fn claim_fill(holder: &str, period: Duration) -> bool;
}

faulty_port! {
    ComicSource, ComicSourceError;
    fn range(deadline: Instant) -> ComicRange;
    fn comic(number: ComicNumber, deadline: Instant) -> Option<Sourced>;
    {
        fn in_memory(&self, number: ComicNumber) -> Option<Sourced> {
            self.port.in_memory(number)
        }

        fn all_in_memory(&self) -> Arc<[Arc<Comic>]> {
            self.port.all_in_memory()
        }
    }
}

faulty_port! {
    SecretProvider, SecretProviderError;
    fn get(required: &[SecretName], optional: &[SecretName]) -> Secrets;
}

faulty_port! {
    SessionStore, SessionStoreError;
    fn create(key: &SessionKey, session: &Session, time_to_live: Duration) -> ();
    fn load(key: &SessionKey) -> Option<Session>;
    fn touch(key: &SessionKey, time_to_live: Duration) -> bool;
    fn remove(key: &SessionKey) -> ();
}

faulty_port! {
    SignInThrottle, SignInThrottleError;
    fn attempt(attempt: &SignInAttempt) -> SignInVerdict;
    fn take_back(attempt: &SignInAttempt) -> ();
    fn clear(attempt: &SignInAttempt) -> ();
}

faulty_port! {
    ViewCounter, ViewCounterError;
    fn apply(batch: &ViewBatch) -> AppliedBatch;
    fn totals(comics: &[ComicNumber]) -> BTreeMap<ComicNumber, ViewCount>;
    fn most_viewed(limit: u32) -> Vec<(ComicNumber, ViewCount)>;
}

faulty_port! {
    ViewLedger, ViewLedgerError;
    fn list(query: &LedgerQuery) -> LedgerList;
    fn adjust(adjustments: &[Adjustment], by: &Username) -> ();
    fn remove(removals: &[Removal], by: &Username) -> ();
    fn history(query: &HistoryQuery) -> Vec<HistoryEntry>;
    fn days(first: Date, last: Date) -> Vec<(Date, u64)>;
}
