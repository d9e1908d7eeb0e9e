//! What the verbs about accounts ask for: a name and a password, typed unseen or taken from the secrets.

use std::io::{self, BufRead, Write};

use clap::ArgMatches;
use xkcd_domain::account::{PasswordHash, Username};
use xkcd_domain::secret::SecretValue;

use super::CommandError;
use crate::admin::password_rules::weakness;
use crate::admin::passwords;
use crate::composition::Stores;
use crate::config::{ADMIN_PASSWORD, ADMIN_USERNAME};

/// The account that is meant.
pub(super) fn username(given: &ArgMatches) -> Result<Username, CommandError> {
    let name = match given.get_one::<String>("username") {
        Some(name) => name.clone(),
        None if asks_nothing(given) => {
            return Err(CommandError::Usage(format!("{ADMIN_USERNAME} is missing in the environment")));
        }
        None => ask("Username: ").map_err(not_typed)?,
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
        typed_twice()?
    };
    match weakness(password.expose(), username) {
        Some(weakness) => Err(CommandError::Refused(weakness.to_owned())),
        None => Ok(PasswordHash::new(&passwords::hash(password.expose())?)),
    }
}

fn asks_nothing(given: &ArgMatches) -> bool {
    given.get_flag("no-input")
}

fn typed_twice() -> Result<SecretValue, CommandError> {
    let unseen = |prompt| rpassword::prompt_password(prompt).map(SecretValue::new).map_err(not_typed);
    let (first, second) = (unseen("Password: ")?, unseen("Password again: ")?);
    if first.expose() == second.expose() {
        Ok(first)
    } else {
        Err(CommandError::Refused("the password was not the same both times".to_owned()))
    }
}

fn ask(question: &str) -> io::Result<String> {
    let mut errors = io::stderr();
    errors.write_all(question.as_bytes())?;
    errors.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

fn not_typed(cause: io::Error) -> CommandError {
    CommandError::Io { doing: "there is no terminal to ask on; --no-input asks nothing", cause }
}
