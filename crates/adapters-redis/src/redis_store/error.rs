//! Why a call failed, and how each port says it.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{PoolError, TimeoutType};
use redis::{ErrorKind, RedisError, ServerErrorKind};
use xkcd_domain::ports::Cause;
use xkcd_domain::ports::session_store::SessionStoreError;
use xkcd_domain::ports::sign_in_throttle::SignInThrottleError;
use xkcd_domain::secret::SecretName;

use crate::redis_config::RedisConfig;

/// Why a call failed. A command that failed may have been done or not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// Nobody answers there, or hangs up.
    #[error(
        "no connection to Redis at {address}: check the host, the port, the network between, and that both \
         ends use TLS or neither does"
    )]
    Connect {
        /// Host and port.
        address: String,
        /// What was said about it.
        #[source]
        source: Cause,
    },
    /// The server's certificate is not trusted, or it does not talk TLS.
    #[error(
        "no trusted connection to Redis at {address}: check that it uses TLS, that its certificate is for \
         this host, and the certificate authority"
    )]
    Tls {
        /// Host and port.
        address: String,
        /// What was said about it.
        #[source]
        source: Cause,
    },
    /// It refused the password, or wants one.
    #[error("Redis at {address} does not accept the password, or the lack of one: check {name}")]
    Password {
        /// Host and port.
        address: String,
        /// The secret to look at.
        name: SecretName,
        /// What was said about it.
        #[source]
        source: Cause,
    },
    /// All connections were in use.
    #[error("all connections to Redis are in use")]
    Busy,
    /// It took too long; it may still be done.
    #[error("Redis at {address} did not answer within {} ms", limit.as_millis())]
    TooLate {
        /// Host and port.
        address: String,
        /// How long it had.
        limit: Duration,
    },
    /// The connection broke.
    #[error("the connection to Redis was lost")]
    Lost(#[source] Cause),
    /// It is a replica, after a failover for example.
    #[error("Redis can be read only: the address is that of a replica")]
    ReadOnly(#[source] Cause),
    /// It has no memory left, and keeps what it has.
    #[error("Redis is out of memory: give it more")]
    OutOfMemory(#[source] Cause),
    /// It does not do what it was asked for.
    #[error("Redis refused a command")]
    Refused(#[source] Cause),
    /// What it holds is nothing of ours.
    #[error("Redis holds something else under a key of ours")]
    Corrupt(#[source] Cause),
    /// The runtime that the connections live on is gone.
    #[error("a call to Redis ended without an answer")]
    Ended,
}

impl RedisStoreError {
    /// Why no connection was had.
    pub(super) fn of_pool(error: PoolError, config: &RedisConfig) -> Self {
        let address = config.address();
        match error {
            PoolError::Backend(error) if error.kind() == ErrorKind::AuthenticationFailed => {
                Self::Password { address, name: config.password_name.clone(), source: cause(&error) }
            }
            PoolError::Backend(error) if tls_error(&error).is_some() => {
                Self::Tls { address, source: cause(&error) }
            }
            PoolError::Backend(error) => Self::Connect { address, source: cause(&error) },
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy,
            other => Self::Connect { address, source: timed_out(&other) },
        }
    }

    /// Why a command failed that was sent, or was about to be.
    pub(super) fn of_command(error: &RedisError, config: &RedisConfig) -> Self {
        let source = cause(error);
        // Older servers wrap an error inside of a script in a general one.
        let says =
            |code: &str| error.code() == Some(code) || error.to_string().contains(&format!("-{code} "));
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Self::ReadOnly(source),
            ErrorKind::UnexpectedReturnType => Self::Corrupt(source),
            _ if says("READONLY") => Self::ReadOnly(source),
            _ if says("OOM") => Self::OutOfMemory(source),
            _ if says("WRONGTYPE") => Self::Corrupt(source),
            _ if says("NOAUTH") || says("WRONGPASS") => {
                Self::Password { address: config.address(), name: config.password_name.clone(), source }
            }
            ErrorKind::Server(_) | ErrorKind::Extension => Self::Refused(source),
            _ => Self::Lost(source),
        }
    }

    /// Whether another connection may do better at once.
    pub(super) const fn is_of_this_connection(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::ReadOnly(_))
    }
}

/// What was said, as text: the library's errors repeat their sources, and a server that does not know a
/// command repeats what was to be stored.
fn cause(error: &RedisError) -> Cause {
    let text = error.to_string();
    text.split(", with args").next().unwrap_or_default().into()
}

fn timed_out(error: &PoolError) -> Cause {
    match error {
        PoolError::Timeout(_) => "it took too long".into(),
        other => other.to_string().into(),
    }
}

/// What rustls said, if it was rustls.
fn tls_error(error: &RedisError) -> Option<&rustls::Error> {
    let shared = error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    shared.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

macro_rules! say_as_port_errors {
    ($($error:ty),*) => { $(
        impl From<RedisStoreError> for $error {
            fn from(error: RedisStoreError) -> Self {
                match error {
                    RedisStoreError::Corrupt(_) => Self::Corrupt(error.into()),
                    _ => Self::Unavailable(error.into()),
                }
            }
        }
    )* };
}

say_as_port_errors!(SessionStoreError, SignInThrottleError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis_config::RedisTls;

    fn of_answer(code: &str, detail: &str) -> RedisStoreError {
        let error = redis::make_extension_error(code.to_owned(), Some(detail.to_owned()));
        RedisStoreError::of_command(&error, &RedisConfig::new("redis.test", 6379, RedisTls::Disabled))
    }

    #[test]
    fn an_answer_is_told_by_what_can_be_done_about_it() {
        use RedisStoreError as Error;
        assert!(matches!(of_answer("OOM", "command not allowed"), Error::OutOfMemory(_)));
        assert!(matches!(of_answer("WRONGTYPE", "wrong kind of value"), Error::Corrupt(_)));
        assert!(matches!(of_answer("NOAUTH", "Authentication required."), Error::Password { .. }));
        assert!(matches!(of_answer("ERR", "unknown"), Error::Refused(_)));
        let old = of_answer("ERR", "Error running script: @user_script: 1: -READONLY You can't write");
        assert!(matches!(old, Error::ReadOnly(_)), "{old:?}");
    }

    #[test]
    fn what_was_to_be_stored_is_not_in_the_cause() {
        let Some(cause) = of_answer("ERR", "unknown command 'SET', with args beginning with: 'a' 'secret'")
            .source()
            .map(ToString::to_string)
        else {
            panic!("no cause")
        };

        assert!(cause.contains("unknown command 'SET'") && !cause.contains("secret"), "{cause}");
    }
}
