//! A throttle in memory. Its window does not pass while a check runs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use xkcd_domain::ports::sign_in_throttle::{SignInThrottle, SignInThrottleError};
use xkcd_domain::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};

use crate::flaw::{Flaw, let_others_run};

pub(crate) fn throttle(flaw: Flaw) -> Arc<dyn SignInThrottle> {
    Arc::new(FlawedThrottle { flaw, state: Mutex::default() })
}

struct FlawedThrottle {
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Attempts that count for a name, and those that count for an address.
    by_name: Vec<String>,
    by_address: Vec<(String, String)>,
    refused: u32,
}

impl FlawedThrottle {
    fn name_key(&self, attempt: &SignInAttempt) -> String {
        let key = attempt.name_and_address_key().to_string();
        if self.flaw.is("one_address_never_holds_up_another") {
            key.split('@').next().unwrap().to_owned()
        } else {
            key
        }
    }

    fn is_allowed(&self, name: &str, address: &str) -> bool {
        let state = self.state.lock().unwrap();
        let named = if self.flaw.is("names_at_an_address_have_limits_of_their_own") {
            state.by_name.iter().rev().take_while(|it| *it == name).count()
        } else {
            state.by_name.iter().filter(|it| *it == name).count()
        };
        let at_address = state.by_address.iter().filter(|(_, it)| it == address).count();
        let unlimited_name = address.contains('.') && self.flaw.is("a_name_at_an_address_has_its_limit");
        (unlimited_name || named < SIGN_IN_LIMITS.per_name_and_address as usize)
            && (at_address < SIGN_IN_LIMITS.per_address as usize
                || self.flaw.is("an_address_has_a_limit_whatever_the_names"))
    }

    fn wait(&self, refused: u32) -> Duration {
        if self.flaw.is("the_wait_is_above_zero_and_at_most_the_window") {
            SIGN_IN_LIMITS.window * 2
        } else if self.flaw.is("a_refused_attempt_does_not_prolong_the_wait") {
            Duration::from_mins(1) + Duration::from_secs(refused.into())
        } else {
            Duration::from_mins(1)
        }
    }
}

#[async_trait]
impl SignInThrottle for FlawedThrottle {
    async fn attempt(&self, attempt: &SignInAttempt) -> Result<SignInVerdict, SignInThrottleError> {
        let_others_run().await;
        let (name, address) = (self.name_key(attempt), attempt.address_key().to_string());
        let allowed = self.is_allowed(&name, &address);
        self.flaw.pauses("attempts_at_the_same_time_do_not_pass_together").await;
        let mut state = self.state.lock().unwrap();
        if allowed || self.flaw.is("a_refused_attempt_is_not_counted_for_the_address") {
            state.by_address.push((name.clone(), address));
        }
        if allowed {
            state.by_name.push(name);
            return Ok(SignInVerdict::Allowed);
        }
        state.refused += 1;
        Ok(SignInVerdict::Wait(self.wait(state.refused)))
    }

    async fn take_back(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError> {
        let_others_run().await;
        let (name, address) = (self.name_key(attempt), attempt.address_key().to_string());
        let mut state = self.state.lock().unwrap();
        let of_name = state.by_name.iter().filter(|it| **it == name).count();
        // The one attempt of a name keeps counting for the address.
        let stays = of_name == 1 && self.flaw.is("an_attempt_that_is_taken_back_does_not_count");
        let takes_all = self.flaw.is("taking_back_leaves_other_attempts");
        for _ in 0..if takes_all { of_name } else { 1 } {
            if let Some(last) = state.by_name.iter().rposition(|it| *it == name) {
                state.by_name.remove(last);
            }
            let last = state.by_address.iter().rposition(|(it, at)| *it == name && *at == address);
            if let Some(last) = last.filter(|_| !stays) {
                state.by_address.remove(last);
            }
        }
        Ok(())
    }

    async fn clear(&self, attempt: &SignInAttempt) -> Result<(), SignInThrottleError> {
        let_others_run().await;
        let (name, address) = (self.name_key(attempt), attempt.address_key().to_string());
        let mut state = self.state.lock().unwrap();
        let mut clears = if self.flaw.is("clearing_forgets_the_name_at_the_address") { 4 } else { u32::MAX };
        let all_names = self.flaw.is("clearing_leaves_other_names");
        state.by_name.retain(|it| {
            let cleared = clears > 0 && (*it == name || (all_names && it.ends_with(&address)));
            clears -= u32::from(cleared);
            !cleared
        });
        if !self.flaw.is("successes_use_up_nothing") {
            state.by_address.retain(|(it, at)| !(*it == name && *at == address));
        }
        Ok(())
    }
}
