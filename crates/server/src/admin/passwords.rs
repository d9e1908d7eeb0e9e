//! Hashing passwords: argon2id, on two threads of their own.
//!
//! A hash takes 19 MB and tens of milliseconds. On threads of their own the memory is bounded, which a pool that
//! grows would not be, and visitors never wait for one.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use tokio::sync::oneshot;
use xkcd_domain::account::PasswordHash;
use xkcd_domain::secret::SecretValue;

/// How many hashes are made at once.
const THREADS: usize = 2;
/// How many wait for their turn; more are turned away.
const WAITING: usize = 64;

/// Checked when there is no account, so that this takes as long as when there is one. No password has it.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords and checks them.
pub struct Passwords {
    jobs: SyncSender<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many passwords are being checked")]
    Busy,
    /// What is stored is no hash, or none can be made.
    #[error("a password can't be hashed")]
    Failed(#[source] password_hash::Error),
}

impl Passwords {
    /// Starts the threads; they end with it.
    #[must_use]
    pub fn start() -> Self {
        let (jobs, waiting) = sync_channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..THREADS {
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || work(&waiting));
        }
        Self { jobs }
    }

    /// The hash of a password, with a salt of its own.
    ///
    /// # Errors
    ///
    /// When too many wait, or the system has no randomness.
    pub async fn hash(&self, password: SecretValue) -> Result<PasswordHash, PasswordError> {
        self.run(move || Ok(PasswordHash::new(&hash(password.expose())?))).await
    }

    /// Whether a password is the one that was hashed. Without a hash it never is, and that takes as long.
    ///
    /// # Errors
    ///
    /// When too many wait, or `hash` is not one.
    pub async fn verify(
        &self,
        password: SecretValue,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordError> {
        self.run(move || {
            let known = hash.as_ref().map_or(DUMMY, PasswordHash::expose);
            match PasswordVerifier::<str>::verify_password(
                &Argon2::default(),
                password.expose().as_bytes(),
                known,
            ) {
                Ok(()) => Ok(hash.is_some()),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(PasswordError::Failed(error)),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let job = Box::new(move || {
            let result = span.in_scope(work);
            // Whoever asked may have left.
            let _ = answer.send(result);
        });
        self.jobs.try_send(job).map_err(|_| PasswordError::Busy)?;
        answered.await.map_err(|_| PasswordError::Busy)?
    }
}

/// The hash of a password, on this thread.
///
/// # Errors
///
/// When the system has no randomness.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hash: argon2::password_hash::phc::PasswordHash =
        Argon2::default().hash_password(password.as_bytes()).map_err(PasswordError::Failed)?;
    Ok(hash.to_string())
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::Params;
    use argon2::password_hash::phc;

    use super::*;

    #[tokio::test]
    async fn a_password_is_the_one_that_was_hashed() {
        let passwords = Passwords::start();
        let secret = |text: &str| SecretValue::new(text.to_owned());
        let hash = passwords.hash(secret("a long pass phrase")).await.unwrap();
        assert_ne!(hash, passwords.hash(secret("a long pass phrase")).await.unwrap());
        assert!(passwords.verify(secret("a long pass phrase"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("a long pass phrasE"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(secret(""), None).await.unwrap());
        let garbage = PasswordHash::new("md5:abc");
        assert!(matches!(passwords.verify(secret("a"), Some(garbage)).await, Err(PasswordError::Failed(_))));
    }

    #[test]
    fn a_name_that_is_not_there_costs_what_one_that_is_costs() {
        let parameters = |hash: &str| {
            let hash = phc::PasswordHash::new(hash).unwrap();
            (hash.algorithm, hash.version, Params::try_from(&hash).unwrap(), hash.hash.unwrap().len())
        };
        let made = hash("a long pass phrase").unwrap();
        assert_eq!(parameters(DUMMY), parameters(&made));
        assert_eq!(DUMMY.len(), made.len());
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_turned_away() {
        let passwords = Passwords::start();
        let verify = |_| passwords.verify(SecretValue::new("a".into()), None);
        let results = futures_util::future::join_all((0..THREADS + WAITING + 20).map(verify)).await;
        let busy = results.iter().filter(|it| matches!(it, Err(PasswordError::Busy))).count();
        // The threads may not have begun yet, and then take nobody out of the queue.
        assert!((1..=20 + THREADS).contains(&busy), "{busy}");
    }
}
