//! Every check of the contract suites is worth its run: an honest adapter in memory passes them all, and for
//! each clause there is an adapter with one flaw that fails that clause's check and no other.
//!
//! An adapter's flaw is named after the clause it breaks. A clause without a flaw fails here, since its
//! "broken" adapter passes.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod accounts;
mod archive;
mod flaw;
mod secrets;
mod sessions;
mod source;
mod throttle;
mod views;
mod wrapped;

use std::thread;

use futures_executor::block_on;
use futures_util::future::join_all;
use xkcd_domain::contract::{self, Clause};

use flaw::Flaw;

/// The names of the clauses that the subject breaks, with what the checks found.
fn broken<S>(clauses: &[Clause<S>], subject: impl Fn() -> S) -> Vec<String> {
    let checks =
        clauses.iter().enumerate().map(|(seed, clause)| {
            let subject = subject();
            async move {
                clause.check(subject, seed as u64).await.err().map(|it| format!("{}: {it}", clause.name))
            }
        });
    block_on(join_all(checks)).into_iter().flatten().collect()
}

fn each_flaw_breaks_its_clause_alone<S>(clauses: &'static [Clause<S>], subject: fn(Flaw) -> S) {
    assert_eq!(broken(clauses, || subject(Flaw::NONE)), Vec::<String>::new(), "the honest adapter");
    let wrong: Vec<_> = thread::scope(|scope| {
        let trials: Vec<_> = clauses
            .iter()
            .map(|clause| scope.spawn(|| (clause.name, broken(clauses, || subject(Flaw::of(clause.name))))))
            .collect();
        let outcomes = trials.into_iter().map(|trial| trial.join().unwrap());
        outcomes.filter(|(name, broken)| broken.len() != 1 || !broken[0].starts_with(name)).collect()
    });
    assert!(wrong.is_empty(), "flaws, and what they broke: {wrong:#?}");
}

#[test]
fn accounts_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::account_store::CLAUSES, accounts::store);
}

#[test]
fn archives_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::comic_archive::CLAUSES, archive::archive);
}

#[test]
fn sources_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::comic_source::CLAUSES, source::subject);
}

#[test]
fn secrets_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::secret_provider::CLAUSES, secrets::subject);
}

#[test]
fn sessions_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::session_store::CLAUSES, sessions::store);
}

#[test]
fn throttles_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::sign_in_throttle::CLAUSES, throttle::throttle);
}

#[test]
fn counters_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::view_counter::CLAUSES, views::counter);
}

#[test]
fn ledgers_are_held_to_their_contract() {
    each_flaw_breaks_its_clause_alone(contract::view_ledger::CLAUSES, views::ledger);
}
