//! Logs: one JSON object per line, or text for people; written by a thread of their own, so that a reader who
//! does not keep up holds nobody up.

mod stamped;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::UtcTime;

use crate::config::{LogConfig, LogFormat};
use crate::ecs_task::EcsTask;
use stamped::Stamped;

/// How many lines wait for a slow reader; more are dropped rather than kept in memory.
const LINES_WAITING: usize = 16_384;

/// Crates that say much at `info`, and nothing that an operator could act on.
/// What a client sends that is not HTTP is no error of ours, and a connection that was cut is told once by
/// whoever used it.
const QUIETER: &str =
    "actix_http=off,actix_server=warn,deadpool.postgres=error,refinery_core=warn,tokio_postgres=warn";

/// The target of what an alarm is fed from: it is said whatever the filter.
pub const PENDING: &str = "xkcdapp::views_pending";

/// How long the reader of the log may take for what is left of it at the end.
const TIME_FOR_THE_REST: Duration = Duration::from_secs(1);

/// The log, until [`Telemetry::finish`].
#[must_use]
pub struct Telemetry {
    writes_on_drop: WorkerGuard,
}

impl Telemetry {
    /// Writes what is left of the log, unless its reader has stopped to read.
    pub fn finish(self) {
        // What could not be written has nowhere else to go.
        let _ = within(TIME_FOR_THE_REST, move || {
            drop(self.writes_on_drop);
            Ok(())
        });
    }
}

/// Begins to log to standard output. In a task of Amazon ECS each JSON line says which one.
pub fn start(config: &LogConfig) -> Telemetry {
    let task = config.ecs_metadata.as_deref().map(EcsTask::ask);
    let members = task.as_ref().and_then(|task| task.as_ref().ok()).map(EcsTask::log_fields);
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(LINES_WAITING).lossy(true).finish(io::stdout());
    let writer = Stamped::new(writer, members.unwrap_or_default());
    let filter = EnvFilter::new(format!("{QUIETER},{},{PENDING}=info", config.filter));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    let format = config
        .format
        .unwrap_or_else(|| if io::stdout().is_terminal() { LogFormat::Text } else { LogFormat::Json });
    // A second start in one process, as in tests, goes on with the first one's log.
    let _ = match format {
        LogFormat::Json => {
            let json =
                builder.json().flatten_event(true).with_span_list(false).with_timer(UtcTime::rfc_3339());
            tracing::subscriber::set_global_default(json.finish())
        }
        LogFormat::Text => tracing::subscriber::set_global_default(builder.compact().finish()),
    };
    if let Some(Err(error)) = task {
        tracing::warn!(event = "ecs.metadata", %error, "the task is not known: lines do not name it");
    }
    Telemetry { writes_on_drop: guard }
}

/// Prints lines that must not be dropped, whatever the log's filter is, before `limit` has passed.
///
/// # Errors
///
/// When standard output can't be written, or its reader has stopped to read.
pub fn print_lines(lines: Vec<String>, limit: Duration) -> io::Result<()> {
    within(limit, move || lines.iter().try_for_each(|line| print_line(line)))
}

/// Does what may block for ever, on a thread that is then left behind.
fn within(limit: Duration, write: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(write()));
    receiver.recv_timeout(limit).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Prints a line, for verbs that print and end.
///
/// # Errors
///
/// When standard output can't be written.
pub fn print_line(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
