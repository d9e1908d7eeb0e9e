//! Hashing passwords: argon2id, on two threads of their own.
//!
//! A hash takes 19 MB and tens of milliseconds. Each thread keeps its memory and uses it again: the system's
//! allocator would keep several pieces of that size and give none back. Visitors never wait for a hash.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash;
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
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

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// What a hash is worked out in.
type Memory = Vec<Block>;

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
        self.run(move |memory| {
            let hash = hash_in(memory, password.expose()).map_err(PasswordError::Failed)?;
            Ok(PasswordHash::new(&hash))
        })
        .await
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
        self.run(move |memory| {
            let known = hash.as_ref().map_or(DUMMY, PasswordHash::expose);
            let is_right = is_of(password.expose(), known, memory).map_err(PasswordError::Failed)?;
            Ok(is_right && hash.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let job = Box::new(move |memory: &mut Memory| {
            let result = span.in_scope(|| work(memory));
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
/// When it can't be worked out.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    hash_in(&mut Memory::new(), password).map_err(PasswordError::Failed)
}

fn hash_in(memory: &mut Memory, password: &str) -> password_hash::Result<String> {
    let (argon2, salt) = (Argon2::default(), phc::Salt::new(&rand::random::<[u8; 16]>())?);
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::default().into()),
        params: phc::ParamsString::try_from(argon2.params())?,
        salt: Some(salt),
        hash: Some(output(&argon2, password, &salt, memory)?),
    };
    Ok(hash.to_string())
}

/// Whether a hash is that of a password.
fn is_of(password: &str, hash: &str, memory: &mut Memory) -> password_hash::Result<bool> {
    let known = phc::PasswordHash::new(hash)?;
    let version = known.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(known.algorithm.as_str().try_into()?, version, Params::try_from(&known)?);
    let (Some(salt), Some(expected)) = (known.salt, known.hash) else { return Ok(false) };
    // Outputs are compared in a time that does not tell where they differ.
    Ok(output(&argon2, password, &salt, memory)? == expected)
}

fn output(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    memory: &mut Memory,
) -> password_hash::Result<phc::Output> {
    memory.resize(argon2.params().block_count(), Block::new());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory)?;
    Ok(phc::Output::new(&output)?)
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    let mut memory = Memory::new();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(&mut memory),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
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
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
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
