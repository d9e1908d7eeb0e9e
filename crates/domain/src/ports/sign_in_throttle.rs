//! What keeps passwords from being guessed.

use async_trait::async_trait;

use super::Cause;
use crate::throttle::{SignInAttempt, SignInVerdict};

/// Counts attempts to sign in, for all instances together, by the limits of
/// [`SIGN_IN_LIMITS`](crate::throttle::SIGN_IN_LIMITS).
///
/// ```
/// use xkcd_domain::ports::sign_in_throttle::{SignInThrottle, SignInThrottleError};
/// use xkcd_domain::throttle::{SignInAttempt, SignInVerdict};
///
/// /// Checks a password, when there were not too many attempts.
/// async fn sign_in(
///     throttle: &dyn SignInThrottle,
///     attempt: &SignInAttempt,
///     password_is_right: impl FnOnce() -> bool,
/// ) -> Result<bool, SignInThrottleError> {
///     if let SignInVerdict::Wait(_) = throttle.attempt(attempt).await? {
///         return Ok(false); // Not even a right password is looked at.
///     }
///     let right = password_is_right();
///     if right {
///         throttle.clear(attempt).await?;
///     }
///     Ok(right)
/// }
/// # use std::time::Duration;
/// # use xkcd_domain::ports::sign_in_throttle::MockSignInThrottle;
/// # let mut throttle = MockSignInThrottle::new();
/// # throttle.expect_attempt().returning(|_| Ok(SignInVerdict::Wait(Duration::from_secs(9))));
/// # throttle.expect_clear().never();
/// # let attempt = SignInAttempt::new("ada", "192.0.2.7".parse().unwrap());
/// # let signed_in = futures_executor::block_on(sign_in(&throttle, &attempt, || unreachable!())).unwrap();
/// # assert!(!signed_in);
/// ```
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait SignInThrottle: Send + Sync + 'static {
    /// Counts an attempt before its password is checked, and says whether it may be.
    ///
    /// - Attempts at the same time can't pass the limit together.
    /// - Two names at one address have limits of their own, below that of the address.
    /// - The limit of one address never holds up another.
    /// - A refused attempt is not counted, so the wait grows no longer by trying: when the time in
    ///   [`SignInVerdict::Wait`] has passed, an attempt is allowed. It is above zero and at most the window.
    ///
    /// # Errors
    ///
    /// When the store can't be asked: the attempt must not go on.
    async fn attempt(&self, attempt: &SignInAttempt) -> Result<SignInVerdict, SignInThrottleError>;

    /// Forgets the last attempt for the name at the address: its password was not checked, because that could not
    /// be done. An outage would otherwise hold up whoever tries to sign in meanwhile.
    ///
    /// - It no longer counts for the address either.
    /// - Earlier attempts stay, and those for other names.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    async fn take_back(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError>;

    /// Forgets the attempts for the name at the address after a success.
    ///
    /// - They no longer count for the address either: who signs in each time may do so any number of times.
    /// - Attempts for other names at the address stay.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    async fn clear(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInThrottleError {
    /// It can't be reached.
    #[error("the sign-in throttle can't be reached")]
    Unavailable(#[source] Cause),
    /// It holds something that is no count.
    #[error("the sign-in throttle holds something that is not a count")]
    Corrupt(#[source] Cause),
}
