//! `check`: lists every setting with where it came from, and tries what the app needs.

mod checklist;
mod probe;

use std::fmt;
use std::io;

use clap::ArgMatches;
use tokio::runtime::Handle;

use crate::composition::{ComposeError, Stores};
use crate::config::{Config, Lookup, PublicUrl, SETTINGS, Source, unknown_variables};
use crate::telemetry;
use xkcd_domain::error_chain::Chain;

use super::CommandError;

pub(super) fn run(config: &Config, given: &ArgMatches) -> Result<(), CommandError> {
    let printed = |cause| CommandError::Io { doing: "can't write", cause };
    let asked = given.subcommand_matches("check");
    let findings = if let Some(url) = asked.and_then(|asked| asked.get_one::<PublicUrl>(super::URL)) {
        probe::findings(url)
    } else {
        print_settings(given).map_err(printed)?;
        let runtime = super::runtime()?;
        let for_deployment = asked.is_some_and(|asked| asked.get_flag(super::DEPLOY));
        runtime.block_on(try_everything(config, for_deployment, runtime.handle()))
    };
    for finding in &findings {
        telemetry::print_line(&finding.to_string()).map_err(printed)?;
    }
    if findings.iter().any(|finding| matches!(finding, Finding::Failed(..))) {
        return Err(CommandError::Refused("not all there, or not as it has to be: see above".to_owned()));
    }
    Ok(())
}

/// What was found of a part.
enum Finding {
    Fine(&'static str, String),
    Doubtful(&'static str, String),
    Failed(&'static str, String),
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine(part, found) => write!(formatter, "ok       {part}: {found}"),
            Self::Doubtful(part, found) => write!(formatter, "WARNING  {part}: {found}"),
            Self::Failed(part, found) => write!(formatter, "FAILED   {part}: {found}"),
        }
    }
}

impl Finding {
    fn of(part: &'static str, tried: Result<String, ComposeError>) -> Self {
        match tried {
            Ok(found) => Self::Fine(part, found),
            Err(error) => Self::Failed(part, Chain(&error).to_string()),
        }
    }
}

async fn try_everything(config: &Config, for_deployment: bool, runtime: &Handle) -> Vec<Finding> {
    let checklist = |key| if for_deployment { checklist::findings(config, key) } else { Vec::new() };
    let stores = match Stores::open(config, runtime).await {
        Ok(stores) => stores,
        Err(error) => {
            let mut findings = vec![Finding::Failed(error.part(), Chain(&error).to_string())];
            findings.extend(checklist(None));
            return findings;
        }
    };
    let secrets = stores.secret_key(config).map(|_| {
        let own =
            if stores.credentials.secret_key.is_none() { ", SECRET_KEY from the data folder" } else { "" };
        format!("from {}{own} (values are not shown)", stores.secrets_from)
    });
    let store = stores.store.verify().await;
    let location = stores.store.location();
    let store = store.map(|version| format!("{location} can be read and written, schema version {version}"));
    let mut findings = vec![Finding::of("secrets", secrets), Finding::of("store", store)];
    match stores.sessions.verify().await {
        Ok(report) => {
            findings.push(Finding::Fine("sessions", report.found));
            findings
                .extend(report.warnings.into_iter().map(|warning| Finding::Doubtful("sessions", warning)));
        }
        Err(error) => findings.push(Finding::Failed("sessions", Chain(&error).to_string())),
    }
    findings.extend(checklist(stores.credentials.secret_key.as_ref()));
    findings
}

fn print_settings(given: &impl Lookup) -> io::Result<()> {
    let names = SETTINGS.iter().map(|setting| setting.name.len());
    let width = names.max().unwrap_or_default();
    for setting in SETTINGS {
        let (value, source) =
            given.value(setting.name).unwrap_or_else(|| (setting.default.to_owned(), Source::Default));
        telemetry::print_line(&format!("{:width$}  {value}  ({})", setting.name, source.as_str()))?;
    }
    for name in unknown_variables() {
        telemetry::print_line(&format!("{name:width$}  looks like a setting and is none"))?;
    }
    telemetry::print_line("")
}
