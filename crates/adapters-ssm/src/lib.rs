#![doc = include_str!("../README.md")]

mod parameter_prefix;
mod ssm_secrets;

pub use parameter_prefix::{InvalidParameterPrefix, ParameterPrefix};
pub use ssm_secrets::{SsmConfig, SsmError, SsmSecrets};
