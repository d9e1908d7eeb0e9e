//! Honest adapters behind a `Faulty` without faults keep every clause: it passes on what it is given, whole,
//! and gives back what comes.

use std::future::{Ready, ready};
use std::sync::Arc;

use xkcd_domain::contract::comic_source::SourceSubject;
use xkcd_domain::contract::secret_provider::SecretSubject;
use xkcd_domain::contract::view_ledger::LedgerSubject;
use xkcd_domain::contract::{self, Clause};
use xkcd_domain::faulty::{Call, Fault, Faulty};

use crate::flaw::Flaw;
use crate::{accounts, archive, broken, secrets, sessions, source, throttle, views};

fn no_fault(_call: Call) -> Ready<Fault> {
    ready(Fault::None)
}

fn wrapped<P: ?Sized>(port: Arc<P>) -> Arc<Faulty<P>> {
    Arc::new(Faulty::new(port, no_fault))
}

#[track_caller]
fn assert_kept<S>(clauses: &[Clause<S>], subject: impl Fn() -> S) {
    assert_eq!(broken(clauses, subject), Vec::<String>::new());
}

#[test]
fn stores_behind_no_faults_keep_their_contracts() {
    assert_kept(contract::account_store::CLAUSES, || wrapped(accounts::store(Flaw::NONE)));
    assert_kept(contract::comic_archive::CLAUSES, || wrapped(archive::archive(Flaw::NONE)));
    assert_kept(contract::session_store::CLAUSES, || wrapped(sessions::store(Flaw::NONE)));
    assert_kept(contract::sign_in_throttle::CLAUSES, || wrapped(throttle::throttle(Flaw::NONE)));
    assert_kept(contract::view_counter::CLAUSES, || wrapped(views::counter(Flaw::NONE)));
    assert_kept(contract::view_ledger::CLAUSES, || {
        let LedgerSubject { ledger, counter } = views::ledger(Flaw::NONE);
        LedgerSubject { ledger: wrapped(ledger), counter: wrapped(counter) }
    });
}

#[test]
fn sources_and_secrets_behind_no_faults_keep_their_contracts() {
    assert_kept(contract::comic_source::CLAUSES, || {
        let subject = source::subject(Flaw::NONE);
        SourceSubject { source: wrapped(subject.source), ..subject }
    });
    assert_kept(contract::secret_provider::CLAUSES, || {
        let subject = secrets::subject(Flaw::NONE);
        SecretSubject { provider: wrapped(subject.provider), ..subject }
    });
}
