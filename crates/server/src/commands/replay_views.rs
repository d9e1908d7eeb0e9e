//! `replay-views`: counts, once, the views that an earlier process could only log.

use std::io::{self, BufRead};

use time::OffsetDateTime;
use xkcd_group_commit::{ReplayReport, replay};

use crate::composition::Stores;
use crate::config::Config;
use crate::telemetry;
use xkcd_domain::error_chain::Chain;

use super::CommandError;

pub(super) fn run(config: &Config) -> Result<(), CommandError> {
    let failed = |doing| move |cause| CommandError::Io { doing, cause };
    // A log may hold anything, also what is no text.
    let lines: Result<Vec<_>, _> = io::stdin().lock().split(b'\n').collect();
    let lines = lines.map_err(failed("standard input can't be read"))?;
    let lines = lines.iter().map(|line| String::from_utf8_lossy(line));

    let runtime = super::runtime()?;
    let report = runtime.block_on(async {
        let store = Stores::open(config, runtime.handle()).await?.store;
        // One clear message, rather than the same one for each batch.
        store.verify().await?;
        Ok::<_, CommandError>(replay(store.counter().as_ref(), lines, OffsetDateTime::now_utc()).await)
    })?;
    print(&report).map_err(failed("can't write"))?;
    if !report.is_complete() {
        return Err(CommandError::Refused("not all views are in the store: see above".to_owned()));
    }
    if report.batches.is_empty() && report.lines_in_passing > 0 {
        return Err(CommandError::Refused(
            "no batch could be read, though views.unwritten is named: give the log as the app printed it, a line for each"
                .to_owned(),
        ));
    }
    Ok(())
}

fn print(report: &ReplayReport) -> io::Result<()> {
    for (line, error) in &report.invalid_lines {
        telemetry::print_line(&format!("line {line}: {}", Chain(error)))?;
    }
    for batch in &report.batches {
        telemetry::print_line(&batch.to_string())?;
    }
    if report.lines_in_passing > 0 {
        let named = "lines that name views.unwritten are no batches as the app prints them";
        telemetry::print_line(&format!("{named}: {}", report.lines_in_passing))?;
    }
    if report.batches.is_empty() && report.lines_in_passing == 0 && report.invalid_lines.is_empty() {
        telemetry::print_line(&format!("no unwritten views in {} lines", report.other_lines))?;
    }
    Ok(())
}
