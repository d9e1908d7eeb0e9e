//! Logs: one JSON object per line, or text for people; written by a thread of their own, so that a reader who
//! does not keep up holds nobody up.

use std::io::{self, IsTerminal, Write};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::UtcTime;

use crate::config::{LogConfig, LogFormat};

/// How many lines wait for a slow reader; more are dropped rather than kept in memory.
const LINES_WAITING: usize = 16_384;

/// Crates that say much at `info`, and nothing that an operator could act on.
const QUIETER: &str = "actix_server=warn,refinery_core=warn,tokio_postgres=warn";

/// Writes what is left of the log when it is dropped.
#[must_use]
pub struct Telemetry {
    _writes_on_drop: WorkerGuard,
}

/// Begins to log to standard output.
pub fn start(config: &LogConfig) -> Telemetry {
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(LINES_WAITING).lossy(true).finish(io::stdout());
    let filter = EnvFilter::new(format!("{QUIETER},{}", config.filter));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    let format = config.format.unwrap_or_else(|| {
        if io::stdout().is_terminal() { LogFormat::Text } else { LogFormat::Json }
    });
    // A second start in one process, as in tests, goes on with the first one's log.
    let _ = match format {
        LogFormat::Json => {
            let json = builder.json().flatten_event(true).with_span_list(false).with_timer(UtcTime::rfc_3339());
            tracing::subscriber::set_global_default(json.finish())
        }
        LogFormat::Text => tracing::subscriber::set_global_default(builder.compact().finish()),
    };
    Telemetry { _writes_on_drop: guard }
}

/// Prints a line that must not be dropped, whatever the log's filter is.
///
/// # Errors
///
/// When standard output can't be written.
pub fn print_line(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
