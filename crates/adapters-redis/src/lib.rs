//! SessionStore and SignInThrottle over Redis.
