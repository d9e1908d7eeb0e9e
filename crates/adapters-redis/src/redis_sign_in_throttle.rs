//! Attempts to sign in, counted in Redis.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::{FromRedisValue, Script};
use xkcd_domain::ports::sign_in_throttle::{SignInThrottle, SignInThrottleError};
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};

use crate::redis_store::RedisStore;

static ATTEMPT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("redis_sign_in_throttle/attempt.lua")));
static LAST: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("redis_sign_in_throttle/last.lua")));
static CLEAR: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("redis_sign_in_throttle/clear.lua")));

/// The [`SignInThrottle`] in Redis: a sorted set an address, of the attempts that still count, by their
/// times. There are at most as many as an address may make, so that one script looks at all of them, in one
/// step and by the clock of Redis. The set is gone when the last attempt no longer counts.
pub struct RedisSignInThrottle {
    store: RedisStore,
}

impl RedisSignInThrottle {
    /// Counts attempts there.
    #[must_use]
    pub const fn new(store: RedisStore) -> Self {
        Self { store }
    }

    fn key(&self, attempt: &SignInAttempt) -> String {
        self.store.key(format_args!("sign-in:{}", attempt.address_key()))
    }

    /// Runs a script on the attempts for the name at the address.
    async fn run<T: FromRedisValue + Send + 'static>(
        &self,
        script: &'static Script,
        attempt: &SignInAttempt,
    ) -> Result<T, SignInThrottleError> {
        let (key, name) = (self.key(attempt), attempt.name_and_address_key().to_string());
        let run = move |mut connection| {
            let mut script = script.key(&key);
            script.arg(&name);
            async move { script.invoke_async::<T>(&mut connection).await }
        };
        Ok(self.store.call(run).await?)
    }
}

#[async_trait]
impl SignInThrottle for RedisSignInThrottle {
    async fn attempt(&self, attempt: &SignInAttempt) -> Result<SignInVerdict, SignInThrottleError> {
        let (key, name) = (self.key(attempt), attempt.name_and_address_key().to_string());
        // Sent again, the attempt has the same id and is counted once.
        let id = format!("{:032x}", rand::random::<u128>());
        let judge = move |mut connection| {
            let mut script = ATTEMPT.key(&key);
            script
                .arg(&name)
                .arg(&id)
                .arg(SIGN_IN_LIMITS.per_name_and_address)
                .arg(SIGN_IN_LIMITS.per_address)
                .arg(SIGN_IN_LIMITS.window.as_millis().to_string());
            async move { script.invoke_async::<u64>(&mut connection).await }
        };
        Ok(match self.store.call(judge).await? {
            0 => SignInVerdict::Allowed,
            wait => SignInVerdict::Wait(Duration::from_millis(wait)),
        })
    }

    async fn take_back(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError> {
        // Which one is asked first: sent again, because its answer was lost, this takes back no other.
        let Some(last) = self.run::<Option<String>>(&LAST, attempt).await? else { return Ok(()) };
        let mut remove = redis::cmd("ZREM");
        remove.arg(self.key(attempt)).arg(last);
        Ok(self.store.command(remove).await?)
    }

    async fn clear(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError> {
        self.run(&CLEAR, attempt).await
    }
}
