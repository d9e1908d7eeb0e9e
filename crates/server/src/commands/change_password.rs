//! `change-password`: gives an account another password. That ends its sessions, also while their store is down:
//! they are valid only for the password they began with.

use clap::ArgMatches;
use xkcd_domain::ports::account_store::AccountStoreError;

use super::{CommandError, admin_password};
use crate::composition::Stores;
use crate::config::Config;
use crate::telemetry;

pub(super) fn run(config: &Config, given: &ArgMatches) -> Result<(), CommandError> {
    let runtime = super::runtime()?;
    let line = runtime.block_on(async {
        let username = admin_password::username(given)?;
        let stores = Stores::open(config, runtime.handle()).await?;
        stores.store.verify().await?;
        let accounts = stores.store.accounts();
        if accounts.find(&username).await?.is_none() {
            return Err(AccountStoreError::NotFound.into());
        }
        let hash = admin_password::password_hash(given, &stores, &username).await?;
        accounts.set_password(&username, &hash).await?;
        Ok::<_, CommandError>(format!("changed the password of {username}, and ended its sessions"))
    })?;
    telemetry::print_line(&line).map_err(|cause| CommandError::Io { doing: "can't write", cause })
}
