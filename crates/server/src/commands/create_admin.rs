//! `create-admin`: makes an account of the admin site.

use clap::ArgMatches;
use xkcd_domain::account::Role;
use xkcd_domain::ports::account_store::{AccountStoreError, NewAccount};

use super::{CommandError, admin_password};
use crate::composition::Stores;
use crate::config::Config;
use crate::telemetry;

pub(super) fn run(config: &Config, given: &ArgMatches) -> Result<(), CommandError> {
    let runtime = super::runtime()?;
    let line = runtime.block_on(async {
        let username = admin_password::username(given)?;
        let stores = Stores::open(config, runtime.handle()).await?;
        // One clear message for a store that can't be used.
        stores.store.verify().await?;
        let accounts = stores.store.accounts();
        let exists = format!("there is an account {username}");
        if accounts.find(&username).await?.is_some() {
            return if given.get_flag("if-missing") {
                Ok(exists)
            } else {
                Err(CommandError::Refused(exists))
            };
        }
        let role = if given.get_one::<String>("role").is_some_and(|role| role == Role::Viewer.as_str()) {
            Role::Viewer
        } else {
            Role::Superuser
        };
        let password_hash = admin_password::password_hash(given, &stores, &username).await?;
        let account = NewAccount { username: username.clone(), role, password_hash };
        match accounts.create(&account).await {
            Ok(()) => Ok(format!("made the account {username}, a {}", role.as_str())),
            // Another process was faster.
            Err(AccountStoreError::Exists) if given.get_flag("if-missing") => Ok(exists),
            Err(error) => Err(error.into()),
        }
    })?;
    telemetry::print_line(&line).map_err(|cause| CommandError::Io { doing: "can't write", cause })
}
