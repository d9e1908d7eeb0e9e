//! The verbs of the command line.

mod check;
mod healthcheck;
mod migrate;
mod replay_views;
mod serve;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tokio::runtime::Runtime;

use crate::application::{RunError, StartError};
use crate::composition::ComposeError;
use crate::config::{self, Config, PublicUrl};
use xkcd_domain::error_chain::Chain;

/// Wrong usage or configuration.
const WRONG_USAGE: u8 = 2;

/// Threads that drive what reaches outside, beside the web server's own.
const RUNTIME_THREADS: usize = 2;
/// Threads for calls that block: SQLite and requests to xkcd.com, each bounded by its adapter.
const BLOCKING_THREADS: usize = 64;

/// Options of `check`.
const DEPLOY: &str = "deploy";
const URL: &str = "url";

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The app can't be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The app stopped by itself.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A part can't be had.
    #[error(transparent)]
    Parts(#[from] ComposeError),
    /// Reading or writing failed.
    #[error("{doing}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It was done and did not succeed; what was wrong has been printed.
    #[error("{0}")]
    Refused(String),
}

impl CommandError {
    /// What is wrong with the configuration may be found only when it is used.
    fn exit_code(&self) -> u8 {
        match self {
            Self::Parts(error) | Self::Start(StartError::Parts(error)) if error.is_configuration() => {
                WRONG_USAGE
            }
            _ => 1,
        }
    }
}

/// Reads the command line, does what it says, and prints one message when that fails.
#[must_use]
pub fn run() -> ExitCode {
    let matches = command_line().get_matches();
    let config = match Config::read(&matches) {
        Ok(config) => config,
        Err(mistakes) => return fail(WRONG_USAGE, &mistakes),
    };
    match dispatch(&matches, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.exit_code(), &error),
    }
}

fn dispatch(matches: &ArgMatches, config: &Config) -> Result<(), CommandError> {
    match matches.subcommand_name() {
        None | Some("serve") => serve::run(config),
        Some("migrate") => migrate::run(config),
        Some("check") => check::run(config, matches),
        Some("replay-views") => replay_views::run(config),
        Some("healthcheck") => healthcheck::run(config),
        // The command line knows no other verb.
        Some(other) => Err(CommandError::Refused(format!("{other} is not a verb"))),
    }
}

fn command_line() -> Command {
    let verb = |name: &'static str, about: &'static str| Command::new(name).about(about);
    let command = Command::new("xkcdapp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Shows a random xkcd comic and counts, exactly, how often each was viewed")
        .after_help("Every option can be given as an environment variable: --listen is XKCDAPP_LISTEN.")
        .subcommand(verb("serve", "Serve the app; also without a verb"))
        .subcommand(verb("migrate", "Bring the schema of the store up to date"))
        .subcommand(check_command(verb("check", "List the settings, and try what the app needs")))
        .subcommand(verb("replay-views", "Count, once, the views in log lines on standard input"))
        .subcommand(verb("healthcheck", "Ask the instance on the listen address whether it is alive"));
    config::with_options(command)
}

fn check_command(command: Command) -> Command {
    let deploy = Arg::new(DEPLOY).long(DEPLOY).action(ArgAction::SetTrue);
    let url = Arg::new(URL).long(URL).value_name("URL").value_parser(str::parse::<PublicUrl>);
    command
        .arg(deploy.help("Also go through what a service on the internet has to have"))
        .arg(url.help("Instead, ask a running instance for its health, headers, cookies and hosts"))
}

/// Standard error, since standard output may be read by a program.
fn fail(code: u8, error: &dyn Error) -> ExitCode {
    use std::io::Write as _;
    // Nobody is left to be told when that fails.
    let _ = writeln!(io::stderr(), "xkcdapp: {}", Chain(error));
    ExitCode::from(code)
}

/// A runtime for what reaches outside.
fn runtime() -> Result<Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("outside")
        .enable_all()
        .build()
        .map_err(|cause| CommandError::Io { doing: "threads can't be started", cause })
}
