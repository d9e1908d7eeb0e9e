//! The contract of an [`AccountStore`]. The subject is a store of the check's own that holds no account.

use std::sync::Arc;

use futures_util::future::{join, join_all};

use super::keys::Keys;
use super::{Outcome, Violation, demand, demand_equal};
use crate::account::{Account, PasswordHash, Role, Username};
use crate::ports::account_store::{AccountStore, AccountStoreError, NewAccount};

type Store = Arc<dyn AccountStore>;

crate::__contract_clauses! { account_store, __contract_table, Store, }

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA";

fn new_account(username: &Username, role: Role) -> NewAccount {
    NewAccount { username: username.clone(), role, password_hash: PasswordHash::new(HASH) }
}

/// Makes an account of a fresh name.
async fn make(store: &Store, keys: &mut Keys, role: Role) -> Result<Account, Violation> {
    let username = keys.username("a");
    store.create(&new_account(&username, role)).await?;
    found(store, &username).await
}

async fn found(store: &Store, username: &Username) -> Result<Account, Violation> {
    store.find(username).await?.ok_or_else(|| Violation(format!("there is no account {username}")))
}

/// Demands that the account changed as `change` says and has a higher epoch.
async fn demand_changed(store: &Store, before: &Account, change: impl Fn(&mut Account)) -> Outcome {
    let after = found(store, &before.username).await?;
    demand(after.epoch > before.epoch, "the change raised the epoch")?;
    let mut wanted = Account { epoch: after.epoch, ..before.clone() };
    change(&mut wanted);
    demand_equal("the account after the change", &after, &wanted)?;
    demand(after.password_hash == wanted.password_hash, "the account has the password it should have")
}

fn demand_error(
    found: Result<(), AccountStoreError>,
    what: &str,
    wanted: fn(&AccountStoreError) -> bool,
) -> Outcome {
    match found {
        Err(error) if wanted(&error) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Err(Violation(format!("{what} should have been refused"))),
    }
}

const fn is_exists(error: &AccountStoreError) -> bool {
    matches!(error, AccountStoreError::Exists)
}

const fn is_not_found(error: &AccountStoreError) -> bool {
    matches!(error, AccountStoreError::NotFound)
}

const fn is_last_superuser(error: &AccountStoreError) -> bool {
    matches!(error, AccountStoreError::LastSuperuser)
}

async fn an_account_comes_back_as_it_was_made(store: Store, mut keys: Keys) -> Outcome {
    for role in [Role::Superuser, Role::Viewer] {
        let account = make(&store, &mut keys, role).await?;
        demand_equal("its role", &account.role, &role)?;
        demand(account.active, "a new account is active")?;
        demand(account.password_hash.expose() == HASH, "it has the password it was made with")?;
    }
    Ok(())
}

async fn an_unknown_name_has_no_account(store: Store, mut keys: Keys) -> Outcome {
    make(&store, &mut keys, Role::Superuser).await?;
    demand_equal("an unknown account", &store.find(&keys.username("b")).await?, &None)
}

async fn names_of_different_case_are_different(store: Store, mut keys: Keys) -> Outcome {
    let name = keys.username("Randall.M-");
    let other: Username = name.as_str().to_ascii_lowercase().parse()?;
    store.create(&new_account(&name, Role::Superuser)).await?;
    store.create(&new_account(&other, Role::Viewer)).await?;
    demand_equal("the first one's role", &found(&store, &name).await?.role, &Role::Superuser)?;
    demand_equal("the role of the name in lower case", &found(&store, &other).await?.role, &Role::Viewer)
}

async fn a_taken_name_is_refused_and_its_account_stays(store: Store, mut keys: Keys) -> Outcome {
    let before = make(&store, &mut keys, Role::Superuser).await?;
    let again = NewAccount {
        username: before.username.clone(),
        role: Role::Viewer,
        password_hash: PasswordHash::new("another"),
    };
    demand_error(store.create(&again).await, "a taken name", is_exists)?;
    let after = found(&store, &before.username).await?;
    demand(after == before, "the account that has the name is left as it is")
}

async fn of_many_who_make_one_name_one_succeeds(store: Store, mut keys: Keys) -> Outcome {
    let account = new_account(&keys.username("a"), Role::Viewer);
    let results = join_all((0..6).map(|_| store.create(&account))).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    demand_equal("how many made it", &made.len(), &1)?;
    refused.into_iter().try_for_each(|result| demand_error(result, "a taken name", is_exists))?;
    demand_equal("how many accounts there are", &store.list().await?.len(), &1)
}

async fn accounts_are_listed_in_order_of_their_names(store: Store, mut keys: Keys) -> Outcome {
    let mut names: Vec<_> =
        ["b", "B", "_", "a", "10", "9", "@", "A.", "a-"].iter().map(|it| keys.username(it)).collect();
    for name in &names {
        store.create(&new_account(name, Role::Viewer)).await?;
    }
    names.sort();
    let listed: Vec<_> = store.list().await?.into_iter().map(|it| it.username).collect();
    demand_equal("the accounts listed", &listed, &names)
}

async fn a_new_password_raises_the_epoch(store: Store, mut keys: Keys) -> Outcome {
    let before = make(&store, &mut keys, Role::Superuser).await?;
    let other = make(&store, &mut keys, Role::Superuser).await?;
    let hash = PasswordHash::new("$argon2id$another");
    store.set_password(&before.username, &hash).await?;
    demand_changed(&store, &before, |account| account.password_hash = hash.clone()).await?;
    demand(found(&store, &other.username).await? == other, "no other account changes")
}

async fn a_new_role_raises_the_epoch(store: Store, mut keys: Keys) -> Outcome {
    make(&store, &mut keys, Role::Superuser).await?;
    let mut before = make(&store, &mut keys, Role::Viewer).await?;
    for role in [Role::Superuser, Role::Viewer] {
        store.set_role(&before.username, role).await?;
        demand_changed(&store, &before, |account| account.role = role).await?;
        before = found(&store, &before.username).await?;
    }
    Ok(())
}

async fn activity_raises_the_epoch(store: Store, mut keys: Keys) -> Outcome {
    make(&store, &mut keys, Role::Superuser).await?;
    let mut before = make(&store, &mut keys, Role::Viewer).await?;
    for active in [false, true] {
        store.set_active(&before.username, active).await?;
        demand_changed(&store, &before, |account| account.active = active).await?;
        before = found(&store, &before.username).await?;
    }
    Ok(())
}

async fn what_is_unknown_cannot_be_changed(store: Store, mut keys: Keys) -> Outcome {
    make(&store, &mut keys, Role::Superuser).await?;
    let unknown = keys.username("b");
    let set_password = store.set_password(&unknown, &PasswordHash::new(HASH)).await;
    demand_error(set_password, "the password of an unknown account", is_not_found)?;
    let set_role = store.set_role(&unknown, Role::Viewer).await;
    demand_error(set_role, "the role of an unknown account", is_not_found)?;
    let set_active = store.set_active(&unknown, false).await;
    demand_error(set_active, "deactivating an unknown account", is_not_found)?;
    demand_equal("how many accounts there are", &store.list().await?.len(), &1)
}

async fn the_last_active_superuser_stays_one(store: Store, mut keys: Keys) -> Outcome {
    let last = make(&store, &mut keys, Role::Superuser).await?;
    let inactive = make(&store, &mut keys, Role::Superuser).await?;
    store.set_active(&inactive.username, false).await?;
    make(&store, &mut keys, Role::Viewer).await?;
    let demoted = store.set_role(&last.username, Role::Viewer).await;
    demand_error(demoted, "demoting the last active superuser", is_last_superuser)?;
    let deactivated = store.set_active(&last.username, false).await;
    demand_error(deactivated, "deactivating the last active superuser", is_last_superuser)?;
    demand(found(&store, &last.username).await? == last, "the last active superuser is left as it is")
}

async fn beside_an_active_superuser_another_may_go(store: Store, mut keys: Keys) -> Outcome {
    make(&store, &mut keys, Role::Superuser).await?;
    let demoted = make(&store, &mut keys, Role::Superuser).await?;
    let deactivated = make(&store, &mut keys, Role::Superuser).await?;
    store.set_role(&demoted.username, Role::Viewer).await?;
    store.set_active(&deactivated.username, false).await?;
    Ok(())
}

async fn of_superusers_who_go_at_once_one_stays(store: Store, mut keys: Keys) -> Outcome {
    let first = make(&store, &mut keys, Role::Superuser).await?.username;
    let second = make(&store, &mut keys, Role::Superuser).await?.username;
    for _ in 0..5 {
        let demote = store.set_role(&first, Role::Viewer);
        let deactivate = store.set_active(&second, false);
        let (demoted, deactivated) = join(demote, deactivate).await;
        let gone = [&demoted, &deactivated].into_iter().filter(|it| it.is_ok()).count();
        demand_equal("how many of two superusers went at once", &gone, &1)?;
        for refused in [demoted, deactivated].into_iter().filter(Result::is_err) {
            demand_error(refused, "the last one's going", is_last_superuser)?;
        }
        let left = store.list().await?.iter().filter(|it| it.is_active_superuser()).count();
        demand_equal("how many active superusers are left", &left, &1)?;
        store.set_role(&first, Role::Superuser).await?;
        store.set_active(&second, true).await?;
    }
    Ok(())
}
