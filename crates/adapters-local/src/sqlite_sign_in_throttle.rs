//! Attempts to sign in, counted in the SQLite file.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Transaction, params};
use xkcd_domain::ports::sign_in_throttle::{SignInThrottle, SignInThrottleError};
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};

use crate::sqlite_store::{SqliteStore, now_ms, period_ms};

/// The [`SignInThrottle`] of the SQLite file. Keeps the attempts of the last window, so a wait is exactly as
/// long as the attempt in the way is still remembered.
pub struct SqliteSignInThrottle {
    store: SqliteStore,
}

impl SqliteSignInThrottle {
    /// Counts attempts in an open file.
    #[must_use]
    pub const fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl SignInThrottle for SqliteSignInThrottle {
    async fn attempt(&self, attempt: &SignInAttempt) -> Result<SignInVerdict, SignInThrottleError> {
        let attempt = *attempt;
        Ok(self.store.write(move |transaction| judge(transaction, attempt)).await?)
    }

    async fn take_back(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError> {
        let (address, name) = keys(*attempt);
        let take_back = move |transaction: &Transaction<'_>| {
            transaction
                .prepare_cached(
                    "DELETE FROM sign_in_attempts WHERE rowid IN (
                         SELECT rowid FROM sign_in_attempts WHERE address = ?1 AND name_and_address = ?2
                         ORDER BY attempted_at_ms DESC LIMIT 1
                     )",
                )?
                .execute([address, name])
        };
        self.store.write(take_back).await?;
        Ok(())
    }

    async fn clear(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError> {
        let (address, name) = keys(*attempt);
        let clear = move |transaction: &Transaction<'_>| {
            transaction
                .prepare_cached("DELETE FROM sign_in_attempts WHERE address = ?1 AND name_and_address = ?2")?
                .execute([address, name])
        };
        self.store.write(clear).await?;
        Ok(())
    }
}

fn keys(attempt: SignInAttempt) -> (String, String) {
    (attempt.address_key().to_string(), attempt.name_and_address_key().to_string())
}

fn judge(transaction: &Transaction<'_>, attempt: SignInAttempt) -> rusqlite::Result<SignInVerdict> {
    let now = now_ms(transaction)?;
    forget_old(transaction, now)?;
    let (address, name) = keys(attempt);
    let of_name = hindrance(transaction, &address, Some(&name), SIGN_IN_LIMITS.per_name_and_address)?;
    let of_address = hindrance(transaction, &address, None, SIGN_IN_LIMITS.per_address)?;
    // The attempt is allowed when both have been forgotten.
    if let Some(attempted_at) = of_name.max(of_address) {
        let wait = attempted_at + period_ms(SIGN_IN_LIMITS.window) - now;
        return Ok(SignInVerdict::Wait(Duration::from_millis(wait.unsigned_abs())));
    }
    transaction
        .prepare_cached(
            "INSERT INTO sign_in_attempts (address, name_and_address, attempted_at_ms) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![address, name, now])?;
    Ok(SignInVerdict::Allowed)
}

/// Leaves attempts of the window alone, none of which lies in the future.
fn forget_old(transaction: &Transaction<'_>, now: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM sign_in_attempts WHERE attempted_at_ms <= ?1")?
        .execute([now - period_ms(SIGN_IN_LIMITS.window)])?;
    // A clock that was set back would make others wait for longer than the window.
    transaction
        .prepare_cached("UPDATE sign_in_attempts SET attempted_at_ms = ?1 WHERE attempted_at_ms > ?1")?
        .execute([now])?;
    Ok(())
}

/// When the attempt was made that has to be forgotten before another fits the limit.
fn hindrance(
    transaction: &Transaction<'_>,
    address: &str,
    name: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Option<i64>> {
    transaction
        .prepare_cached(
            "SELECT attempted_at_ms FROM sign_in_attempts
             WHERE address = ?1 AND (?2 IS NULL OR name_and_address = ?2)
             ORDER BY attempted_at_ms DESC LIMIT 1 OFFSET ?3 - 1",
        )?
        .query_row(params![address, name, limit], |row| row.get(0))
        .optional()
}
