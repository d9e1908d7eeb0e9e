//! The contracts of the ports as checks, for any adapter.
//!
//! Each port has a suite: a module with one check per clause. [`contract_tests!`](crate::contract_tests)
//! makes a test of each of them. The clauses of all suites are listed once, in `contract/clauses.rs`: a check
//! that is not listed does not compile without a warning, and one that is listed runs against every adapter.
//!
//! Checks use random keys (high comic numbers, names, addresses), so that rows of others don't disturb them.
//! Where that is not enough, the suite's module says that the store must be the check's own.
//!
//! Checks need no runtime: they wait on a thread of their own, and run their concurrent calls as one future.

mod clauses;
mod keys;
mod waiting;

pub mod account_store;
pub mod comic_archive;
pub mod comic_source;
pub mod secret_provider;
pub mod session_store;
pub mod sign_in_throttle;
pub mod view_counter;
pub mod view_ledger;

use std::error::Error;
use std::fmt::{self, Debug};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error_chain::Chain;
use keys::Keys;

/// What a check found: nothing, or how the adapter broke its contract.
pub type Outcome = Result<(), Violation>;

/// How an adapter broke a clause.
pub struct Violation(String);

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Debug for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A call that should have worked failed; the text has the whole chain of causes.
impl<E: Error> From<E> for Violation {
    fn from(error: E) -> Self {
        Self(format!("a call failed: {}", Chain(&error)))
    }
}

/// A clause of the contract of the port that `S` is a subject for.
pub struct Clause<S> {
    /// The name of its check.
    pub name: &'static str,
    /// The check.
    check: fn(S, Keys) -> BoxFuture<'static, Outcome>,
}

impl<S> Clause<S> {
    /// No check takes this long on a store that answers.
    const LIMIT: Duration = Duration::from_secs(20);

    /// Checks whether a subject keeps the clause. Equal seeds give equal keys.
    ///
    /// # Errors
    ///
    /// When it does not, or does not answer for 20 s.
    pub async fn check(&self, subject: S, seed: u64) -> Outcome {
        let done = waiting::within(Self::LIMIT, (self.check)(subject, Keys::new(seed))).await;
        done.unwrap_or_else(|| Err(Violation("no answer within 20 s".into())))
    }
}

/// Runs the check of the clause `name`, for the tests that [`contract_tests!`](crate::contract_tests) makes.
///
/// # Panics
///
/// When the subject does not keep the clause, or none is called so.
#[doc(hidden)]
#[expect(clippy::panic, reason = "this is how a test fails")]
pub async fn uphold<S>(clauses: &[Clause<S>], name: &str, subject: S, seed: u64) {
    let Some(clause) = clauses.iter().find(|clause| clause.name == name) else {
        panic!("no clause is called {name}");
    };
    if let Err(violation) = clause.check(subject, seed).await {
        panic!("{name}: {violation}");
    }
}

/// Demands that a condition is met.
fn demand(met: bool, what: &str) -> Outcome {
    if met { Ok(()) } else { Err(Violation(format!("it does not hold that {what}"))) }
}

/// Demands that two values are equal.
fn demand_equal<T: PartialEq + Debug>(what: &str, found: &T, wanted: &T) -> Outcome {
    if found == wanted {
        Ok(())
    } else {
        Err(Violation(format!("{what}: wanted {wanted:?}, found {found:?}")))
    }
}
