//! What the verbs about accounts ask for: a name and a password, typed unseen or taken from the secrets.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::ArgMatches;
use tokio::signal::unix::{SignalKind, signal};
use xkcd_domain::account::{PasswordHash, Username};
use xkcd_domain::secret::SecretValue;

use super::CommandError;
use crate::admin::password_rules::weakness;
use crate::admin::passwords;
use crate::composition::Stores;
use crate::config::{ADMIN_PASSWORD, ADMIN_USERNAME};

/// How often a password may be mistyped, or be too weak.
const TRIES: usize = 3;

/// The account that is meant.
pub(super) fn username(given: &ArgMatches) -> Result<Username, CommandError> {
    let name = match given.get_one::<String>("username") {
        Some(name) => name.clone(),
        None if asks_nothing(given) => {
            return Err(CommandError::Usage(format!("{ADMIN_USERNAME} is missing in the environment")));
        }
        None => {
            demand_terminal()?;
            ask("Username: ").map_err(not_typed)?
        }
    };
    name.trim().parse().map_err(|error| CommandError::Usage(format!("{error}")))
}

/// The hash of the password for it.
pub(super) async fn password_hash(
    given: &ArgMatches,
    stores: &Stores,
    username: &Username,
) -> Result<PasswordHash, CommandError> {
    let password = if asks_nothing(given) {
        let secrets = stores.secrets.get(&[ADMIN_PASSWORD], &[]).await.map_err(CommandError::Secret)?;
        secrets.get(&ADMIN_PASSWORD).cloned().unwrap_or_else(|| SecretValue::new(String::new()))
    } else {
        demand_terminal()?;
        typed(username)?
    };
    match weakness(password.expose(), username) {
        Some(weakness) => Err(CommandError::Refused(weakness.to_owned())),
        None => Ok(PasswordHash::new(&passwords::hash(password.expose())?)),
    }
}

/// Nobody else is asked, such as whoever sits at the terminal of a script.
fn demand_terminal() -> Result<(), CommandError> {
    if io::stdin().is_terminal() {
        Ok(())
    } else {
        Err(CommandError::Refused("there is no terminal to ask on; --no-input asks nothing".to_owned()))
    }
}

fn asks_nothing(given: &ArgMatches) -> bool {
    given.get_flag("no-input")
}

/// A password that will do, typed the same twice.
fn typed(username: &Username) -> Result<SecretValue, CommandError> {
    // Who reads unseen sends this process the signal of Ctrl-C while the terminal still hides what is typed. Heard
    // here, it does not end the process before the terminal is as it was.
    let _heard = signal(SignalKind::interrupt()).map_err(not_typed)?;
    let unseen = |prompt| rpassword::prompt_password(prompt).map(SecretValue::new).map_err(not_typed);
    let mut problem = "";
    for _ in 0..TRIES {
        if !problem.is_empty() {
            say(&format!("{problem}\n")).map_err(not_typed)?;
        }
        let first = unseen("Password: ")?;
        problem = match weakness(first.expose(), username) {
            Some(weakness) => weakness,
            None if unseen("Password again: ")?.expose() == first.expose() => return Ok(first),
            None => "The password was not the same both times.",
        };
    }
    Err(CommandError::Refused(problem.to_owned()))
}

fn ask(question: &str) -> io::Result<String> {
    say(question)?;
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut errors = io::stderr();
    errors.write_all(text.as_bytes())?;
    errors.flush()
}

/// Ctrl-D and Ctrl-C end the question, and leave the terminal as it was.
fn not_typed(cause: io::Error) -> CommandError {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => {
            CommandError::Refused("nothing was typed, so nothing was done".into())
        }
        io::ErrorKind::Interrupted => CommandError::Refused("interrupted, so nothing was done".into()),
        _ => CommandError::Io { doing: "what is typed can't be read", cause },
    }
}
