//! Accounts in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use xkcd_domain::account::{Account, PasswordHash, Role, SessionEpoch, Username};
use xkcd_domain::ports::account_store::{AccountStore, AccountStoreError, NewAccount};

use crate::flaw::{Flaw, let_others_run};

pub(crate) fn store(flaw: Flaw) -> Arc<dyn AccountStore> {
    Arc::new(FlawedAccounts { flaw, accounts: Mutex::default() })
}

struct FlawedAccounts {
    flaw: Flaw,
    accounts: Mutex<Vec<Account>>,
}

impl FlawedAccounts {
    fn position(&self, username: &Username) -> Option<usize> {
        self.accounts.lock().unwrap().iter().position(|it| it.username == *username)
    }

    /// Whether the account may stop being an active superuser.
    fn may_go(&self, username: &Username) -> bool {
        let accounts = self.accounts.lock().unwrap();
        let inactive_count = self.flaw.is("the_last_active_superuser_stays_one");
        let stays = |it: &Account| it.role == Role::Superuser && (it.active || inactive_count);
        let going = accounts.iter().any(|it| it.username == *username && it.is_active_superuser());
        !going || accounts.iter().any(|it| it.username != *username && stays(it))
    }

    fn change(
        &self,
        username: &Username,
        raises: bool,
        change: impl FnOnce(&mut Account),
    ) -> Result<(), AccountStoreError> {
        let index = self.position(username).ok_or(AccountStoreError::NotFound)?;
        let account = &mut self.accounts.lock().unwrap()[index];
        change(account);
        account.epoch.0 += i64::from(raises);
        Ok(())
    }
}

#[async_trait]
impl AccountStore for FlawedAccounts {
    async fn find(&self, username: &Username) -> Result<Option<Account>, AccountStoreError> {
        let_others_run().await;
        let index = self.position(username);
        let accounts = self.accounts.lock().unwrap();
        let anybody = self.flaw.is("an_unknown_name_has_no_account").then_some(0);
        Ok(index.or(anybody).and_then(|index| accounts.get(index)).cloned())
    }

    async fn list(&self) -> Result<Vec<Account>, AccountStoreError> {
        let mut accounts = self.accounts.lock().unwrap().clone();
        if self.flaw.is("accounts_are_listed_in_order_of_their_names") {
            accounts.sort_by_key(|it| it.username.as_str().to_lowercase());
        } else {
            accounts.sort_by(|a, b| a.username.cmp(&b.username));
        }
        Ok(accounts)
    }

    async fn create(&self, account: &NewAccount) -> Result<(), AccountStoreError> {
        let_others_run().await;
        let taken = self.position(&account.username);
        self.flaw.pauses("of_many_who_make_one_name_one_succeeds").await;
        let mut accounts = self.accounts.lock().unwrap();
        if let Some(index) = taken {
            if self.flaw.is("a_taken_name_is_refused_and_its_account_stays") {
                accounts[index].role = account.role;
            }
            return Err(AccountStoreError::Exists);
        }
        let same = |it: &Account| it.username.as_str().eq_ignore_ascii_case(account.username.as_str());
        if self.flaw.is("names_of_different_case_are_different") && accounts.iter().any(same) {
            return Err(AccountStoreError::Exists);
        }
        let idle_viewer =
            self.flaw.is("an_account_comes_back_as_it_was_made") && account.role == Role::Viewer;
        accounts.push(Account {
            username: account.username.clone(),
            role: account.role,
            active: !idle_viewer,
            password_hash: account.password_hash.clone(),
            epoch: SessionEpoch::default(),
        });
        Ok(())
    }

    async fn set_password(&self, username: &Username, hash: &PasswordHash) -> Result<(), AccountStoreError> {
        let_others_run().await;
        let raises = !self.flaw.is("a_new_password_raises_the_epoch");
        let changed = self.change(username, raises, |it| it.password_hash = hash.clone());
        if self.flaw.is("what_is_unknown_cannot_be_changed") { Ok(()) } else { changed }
    }

    async fn set_role(&self, username: &Username, role: Role) -> Result<(), AccountStoreError> {
        let_others_run().await;
        let refused = role != Role::Superuser && !self.may_go(username);
        self.flaw.pauses("of_superusers_who_go_at_once_one_stays").await;
        if refused {
            return Err(AccountStoreError::LastSuperuser);
        }
        let raises = !self.flaw.is("a_new_role_raises_the_epoch");
        self.change(username, raises, |it| it.role = role)
    }

    async fn set_active(&self, username: &Username, active: bool) -> Result<(), AccountStoreError> {
        let_others_run().await;
        let refused = !active && (!self.may_go(username) || self.mistakes_another_for_the_last(username));
        self.flaw.pauses("of_superusers_who_go_at_once_one_stays").await;
        if refused {
            return Err(AccountStoreError::LastSuperuser);
        }
        let raises = !self.flaw.is("activity_raises_the_epoch");
        self.change(username, raises, |it| it.active = active)
    }
}

impl FlawedAccounts {
    /// Takes any superuser beside a viewer for the last one.
    fn mistakes_another_for_the_last(&self, username: &Username) -> bool {
        let accounts = self.accounts.lock().unwrap();
        self.flaw.is("beside_an_active_superuser_another_may_go")
            && accounts.iter().any(|it| it.role == Role::Viewer)
            && accounts.iter().any(|it| it.username == *username && it.is_active_superuser())
    }
}
