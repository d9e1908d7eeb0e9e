#![doc = include_str!("../README.md")]

mod redis_config;
mod redis_session_store;
mod redis_sign_in_throttle;
mod redis_store;

pub use redis_config::{RedisConfig, RedisConfigError, RedisTls};
pub use redis_session_store::RedisSessionStore;
pub use redis_sign_in_throttle::RedisSignInThrottle;
pub use redis_store::{RedisConnections, RedisReport, RedisStore, RedisStoreError};
