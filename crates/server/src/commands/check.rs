//! `check`: lists every setting with where it came from, and tries what the app needs.

use std::io;

use crate::composition::{self, Store};
use crate::config::{Config, Lookup, SETTINGS, Source, unknown_variables};
use crate::error::Chain;
use crate::telemetry;

use super::CommandError;

pub(super) fn run(config: &Config, given: &impl Lookup) -> Result<(), CommandError> {
    let printed = |cause| CommandError::Io { doing: "can't write", cause };
    print_settings(given).map_err(printed)?;
    let runtime = super::runtime()?;
    let mut failures = 0;
    for (what, result) in [("secrets", try_secrets(config)), ("store", runtime.block_on(try_store(config)))] {
        let line = match result {
            Ok(found) => format!("ok      {what}: {found}"),
            Err(error) => {
                failures += 1;
                format!("FAILED  {what}: {error}")
            }
        };
        telemetry::print_line(&line).map_err(printed)?;
    }
    match failures {
        0 => Ok(()),
        _ => Err(CommandError::Refused("what the app needs is not all there: see above".to_owned())),
    }
}

fn print_settings(given: &impl Lookup) -> io::Result<()> {
    let names = SETTINGS.iter().map(|setting| setting.name.len());
    let width = names.max().unwrap_or_default();
    for setting in SETTINGS {
        let (value, source) = given
            .value(setting.name)
            .unwrap_or_else(|| (setting.default.to_owned(), Source::Default));
        telemetry::print_line(&format!("{:width$}  {value}  ({})", setting.name, source.as_str()))?;
    }
    for name in unknown_variables() {
        telemetry::print_line(&format!("{name:width$}  looks like a setting and is none"))?;
    }
    telemetry::print_line("")
}

fn try_secrets(config: &Config) -> Result<String, String> {
    match composition::secret_key_source(config) {
        Ok(source) => Ok(format!("SECRET_KEY (redacted) from the {source}")),
        Err(error) => Err(Chain(&error).to_string()),
    }
}

async fn try_store(config: &Config) -> Result<String, String> {
    let store = Store::open(config).await.map_err(|error| Chain(&error).to_string())?;
    store.verify().await.map_err(|error| format!("{}: {}", store.location(), Chain(&error)))?;
    Ok(format!("{} can be read and written, schema version {}", store.location(), store.schema_version()))
}
