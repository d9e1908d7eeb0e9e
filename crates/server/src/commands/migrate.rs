//! `migrate`: brings the schema of the store up to date.

use crate::composition::Stores;
use crate::config::Config;
use crate::telemetry;

use super::CommandError;

pub(super) fn run(config: &Config) -> Result<(), CommandError> {
    let runtime = super::runtime()?;
    let line = runtime.block_on(async {
        let store = Stores::open(config, runtime.handle()).await?.store;
        let version = store.migrate().await?;
        Ok::<_, CommandError>(format!("{}: the schema has version {version}", store.location()))
    })?;
    telemetry::print_line(&line).map_err(|cause| CommandError::Io { doing: "can't write", cause })
}
