//! The verbs of the command line.

mod admin_password;
mod change_password;
mod check;
mod create_admin;
mod healthcheck;
mod migrate;
mod replay_views;
mod serve;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tokio::runtime::Runtime;

use crate::admin::passwords::PasswordError;
use crate::application::{RunError, StartError};
use crate::composition::ComposeError;
use crate::config::{self, Config, PublicUrl};
use xkcd_domain::error_chain::Chain;
use xkcd_domain::ports::account_store::AccountStoreError;
use xkcd_domain::ports::secret_provider::SecretProviderError;

/// Wrong usage or configuration.
const WRONG_USAGE: u8 = 2;

/// Threads that drive what reaches outside, beside the web server's own. What they do is short, and a second one
/// costs an eighth of all pages: the two hand each batch of views, and its answer, back and forth.
const RUNTIME_THREADS: usize = 1;
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
    /// Accounts can't be had or changed.
    #[error(transparent)]
    Accounts(#[from] AccountStoreError),
    /// A secret can't be had.
    #[error("the password can't be had")]
    Secret(#[source] SecretProviderError),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The command line or the environment lacks something.
    #[error("{0}")]
    Usage(String),
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
            Self::Usage(_) => WRONG_USAGE,
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
    match matches.subcommand() {
        None | Some(("serve", _)) => serve::run(config),
        Some(("migrate", _)) => migrate::run(config),
        Some(("check", _)) => check::run(config, matches),
        Some(("replay-views", _)) => replay_views::run(config),
        Some(("create-admin", given)) => create_admin::run(config, given),
        Some(("change-password", given)) => change_password::run(config, given),
        Some(("healthcheck", _)) => healthcheck::run(config),
        // The command line knows no other verb.
        Some((other, _)) => Err(CommandError::Refused(format!("{other} is not a verb"))),
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
        .subcommand(
            of_account(verb("create-admin", "Make an account of the admin site"))
                .arg(flag("if-missing", "Do nothing when there is such an account"))
                .arg(
                    Arg::new("role")
                        .long("role")
                        .value_parser(["superuser", "viewer"])
                        .default_value("superuser")
                        .help("What the account may do: everything, or look"),
                ),
        )
        .subcommand(of_account(verb(
            "change-password",
            "Give an account another password, and end its sessions",
        )))
        .subcommand(check_command(verb("check", "List the settings, and try what the app needs")))
        .subcommand(verb("replay-views", "Count, once, the views in log lines on standard input"))
        .subcommand(verb("healthcheck", "Ask the instance on the listen address whether it is alive"));
    config::with_options(command)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// A verb about an account. Its password is no option: a command line is seen by others on the machine.
fn of_account(verb: Command) -> Command {
    verb.arg(
        Arg::new("username")
            .long("username")
            .env(config::ADMIN_USERNAME)
            .hide_env_values(true)
            .value_name("NAME")
            .help("The account; asked for when it is not given"),
    )
    .arg(flag("no-input", "Ask nothing: take the password from the secret XKCDAPP_ADMIN_PASSWORD"))
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
