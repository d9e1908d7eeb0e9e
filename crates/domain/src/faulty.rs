//! Faults in front of any port, for tests of its callers.
//!
//! [`Faulty`] wraps an adapter and is a port of the same kind. A *plan* decides how each call goes: an async
//! function from the [`Call`] to a [`Fault`]. So the n-th call can fail, all calls while a flag is up, or one
//! in ten by a generator of the test's own.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::future::ready;
//! use std::sync::Arc;
//!
//! use xkcd_domain::comic::ComicNumber;
//! use xkcd_domain::faulty::{Call, Fault, Faulty};
//! use xkcd_domain::ports::view_counter::{MockViewCounter, ViewCounter, ViewCounterError};
//!
//! let mut store = MockViewCounter::new();
//! store.expect_totals().times(2).returning(|_| Ok(BTreeMap::new()));
//!
//! let faulty = Faulty::new(Arc::new(store), |call| {
//!     ready(match call {
//!         Call { method: "totals", nth: 2 } => Fault::Unavailable,
//!         _ => Fault::None,
//!     })
//! });
//! # futures_executor::block_on(async {
//! assert!(faulty.totals(&[ComicNumber::ONE]).await.is_ok());
//! assert!(matches!(faulty.totals(&[ComicNumber::ONE]).await, Err(ViewCounterError::Unavailable(_))));
//! assert!(faulty.totals(&[ComicNumber::ONE]).await.is_ok());
//! assert_eq!(faulty.calls("totals"), 3);
//! # });
//! ```
//!
//! A plan that waits before it decides is latency. It waits with what its own runtime has, so that nothing
//! here needs one, and paused time works:
//!
//! ```
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! # use xkcd_domain::faulty::{Fault, Faulty};
//! # use xkcd_domain::ports::session_store::SessionStore;
//! # mod tokio { pub mod time { pub async fn sleep(_: std::time::Duration) {} } }
//! fn slow(store: Arc<dyn SessionStore>) -> Arc<dyn SessionStore> {
//!     Arc::new(Faulty::new(store, |_call| async {
//!         tokio::time::sleep(Duration::from_millis(300)).await;
//!         Fault::None
//!     }))
//! }
//! ```

mod ports;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ports::Cause;

/// A call that is about to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// The name of the port's method.
    pub method: &'static str,
    /// Which call of that method it is, from 1.
    pub nth: u64,
}

/// How a call goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Fault {
    /// As the adapter has it.
    #[default]
    None,
    /// It does not reach the adapter and fails with the port's `Unavailable`.
    Unavailable,
    /// It does not reach the adapter and fails with the port's `Corrupt`.
    Corrupt,
    /// It does not reach the adapter and never ends.
    Hang,
    /// The adapter does its work, and the caller is told `Unavailable`: the connection broke on the way back.
    LostAnswer,
    /// The adapter does its work, and the caller hears nothing, ever.
    HangingAnswer,
}

type Decision = Pin<Box<dyn Future<Output = Fault> + Send>>;

/// An adapter whose calls go as a plan says. It is every port that `P` is.
///
/// What can't fail is passed on as it is: [`ComicSource`](crate::ports::comic_source::ComicSource)'s
/// `in_memory` and `all_in_memory`.
pub struct Faulty<P: ?Sized> {
    port: Arc<P>,
    plan: Box<dyn Fn(Call) -> Decision + Send + Sync>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
}

impl<P: ?Sized> Faulty<P> {
    /// Calls of `port`, each as `plan` decides. A call takes as long as its decision, and then what the
    /// adapter takes.
    #[must_use]
    pub fn new<D>(port: Arc<P>, plan: impl Fn(Call) -> D + Send + Sync + 'static) -> Self
    where
        D: Future<Output = Fault> + Send + 'static,
    {
        Self { port, plan: Box::new(move |call| Box::pin(plan(call))), calls: Mutex::default() }
    }

    /// How often a method was called, whatever became of it.
    #[must_use]
    pub fn calls(&self, method: &str) -> u64 {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).get(method).copied().unwrap_or(0)
    }

    fn next_call(&self, method: &'static str) -> Call {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = calls.entry(method).or_default();
        *nth += 1;
        Call { method, nth: *nth }
    }

    /// One call, as the plan decides. `call` begins it.
    async fn go<T, E, C>(&self, method: &'static str, call: impl FnOnce() -> C) -> Result<T, E>
    where
        E: PortError,
        C: Future<Output = Result<T, E>>,
    {
        let number = self.next_call(method);
        let cause = || format!("a fault was injected into call {} of {method}", number.nth).into();
        match (self.plan)(number).await {
            Fault::None => call().await,
            Fault::Unavailable => Err(E::unavailable(cause())),
            Fault::Corrupt => Err(E::corrupt(cause())),
            Fault::Hang => pending().await,
            Fault::LostAnswer => {
                drop(call().await);
                Err(E::unavailable(cause()))
            }
            Fault::HangingAnswer => {
                drop(call().await);
                pending().await
            }
        }
    }
}

/// What every port's error has.
trait PortError {
    fn unavailable(cause: Cause) -> Self;
    fn corrupt(cause: Cause) -> Self;
}
