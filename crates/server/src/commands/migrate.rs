//! `migrate`: brings the schema of the store up to date.

use crate::composition::Store;
use crate::config::Config;
use crate::telemetry;

use super::CommandError;

pub(super) fn run(config: &Config) -> Result<(), CommandError> {
    let runtime = super::runtime()?;
    let store = runtime.block_on(Store::open(config))?;
    let line = format!("{}: the schema has version {}", store.location(), store.schema_version());
    telemetry::print_line(&line).map_err(|cause| CommandError::Io { doing: "can't write", cause })
}
