//! The contract of a [`SignInThrottle`]. The subject is the throttle; others may use it at the same time.

use std::sync::Arc;

use futures_util::future::join_all;

use super::keys::Keys;
use super::{Outcome, Violation, demand, demand_equal};
use crate::ports::sign_in_throttle::SignInThrottle;
use crate::throttle::{SIGN_IN_LIMITS, SignInAttempt, SignInVerdict};

type Throttle = Arc<dyn SignInThrottle>;

crate::__contract_clauses! { sign_in_throttle, __contract_table, Throttle, }

const PER_NAME: u32 = SIGN_IN_LIMITS.per_name_and_address;
const PER_ADDRESS: u32 = SIGN_IN_LIMITS.per_address;

async fn is_allowed(throttle: &Throttle, attempt: &SignInAttempt) -> Result<bool, Violation> {
    Ok(throttle.attempt(attempt).await? == SignInVerdict::Allowed)
}

/// Makes so many attempts one after the other, and says how many were allowed.
async fn allowed(throttle: &Throttle, attempt: &SignInAttempt, times: u32) -> Result<u32, Violation> {
    let mut allowed = 0;
    for _ in 0..times {
        allowed += u32::from(is_allowed(throttle, attempt).await?);
    }
    Ok(allowed)
}

async fn use_up(throttle: &Throttle, attempt: &SignInAttempt) -> Outcome {
    demand_equal("attempts allowed at first", &allowed(throttle, attempt, PER_NAME).await?, &PER_NAME)
}

async fn a_name_at_an_address_has_its_limit(throttle: Throttle, mut keys: Keys) -> Outcome {
    let attempt = SignInAttempt::new("randall", keys.old_address());
    let allowed = allowed(&throttle, &attempt, PER_NAME + 3).await?;
    demand_equal("attempts allowed for a name at an address", &allowed, &PER_NAME)
}

async fn the_wait_is_above_zero_and_at_most_the_window(throttle: Throttle, mut keys: Keys) -> Outcome {
    let attempt = SignInAttempt::new("randall", keys.address());
    use_up(&throttle, &attempt).await?;
    match throttle.attempt(&attempt).await? {
        SignInVerdict::Allowed => demand(false, "an attempt beyond the limit has to wait"),
        SignInVerdict::Wait(wait) => {
            demand(!wait.is_zero(), "the wait is above zero")?;
            demand(wait <= SIGN_IN_LIMITS.window, "the wait is at most the window")
        }
    }
}

async fn attempts_at_the_same_time_do_not_pass_together(throttle: Throttle, mut keys: Keys) -> Outcome {
    let attempt = SignInAttempt::new("randall", keys.address());
    let attempts = join_all((0..PER_NAME * 3).map(|_| is_allowed(&throttle, &attempt))).await;
    let allowed = attempts.into_iter().collect::<Result<Vec<_>, _>>()?;
    let allowed = allowed.into_iter().filter(|it| *it).count();
    demand_equal("attempts allowed at the same time", &allowed, &(PER_NAME as usize))
}

async fn names_at_an_address_have_limits_of_their_own(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    let names = ["randall", "Randall"].map(|name| SignInAttempt::new(name, address));
    let mut passed = [0, 0];
    for _ in 0..PER_NAME + 2 {
        for (name, passed) in names.iter().zip(&mut passed) {
            *passed += u32::from(is_allowed(&throttle, name).await?);
        }
    }
    demand_equal("attempts allowed for two names by turns", &passed, &[PER_NAME, PER_NAME])
}

async fn an_address_has_a_limit_whatever_the_names(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    let mut passed = 0;
    for name in 0..PER_ADDRESS + 3 {
        let attempt = SignInAttempt::new(&format!("name-{name}"), address);
        passed += u32::from(is_allowed(&throttle, &attempt).await?);
    }
    demand_equal("attempts allowed for an address", &passed, &PER_ADDRESS)
}

async fn one_address_never_holds_up_another(throttle: Throttle, mut keys: Keys) -> Outcome {
    let (address, other) = (keys.address(), keys.address());
    for name in ["a", "b", "c", "d"] {
        use_up(&throttle, &SignInAttempt::new(name, address)).await?;
    }
    use_up(&throttle, &SignInAttempt::new("a", other)).await
}

async fn a_refused_attempt_does_not_prolong_the_wait(throttle: Throttle, mut keys: Keys) -> Outcome {
    let attempt = SignInAttempt::new("randall", keys.address());
    use_up(&throttle, &attempt).await?;
    let mut waits = Vec::new();
    for _ in 0..10 {
        match throttle.attempt(&attempt).await? {
            SignInVerdict::Allowed => demand(false, "an attempt beyond the limit has to wait")?,
            SignInVerdict::Wait(wait) => waits.push(wait),
        }
    }
    demand(waits.is_sorted_by(|earlier, later| earlier >= later), "the wait grows no longer by trying")
}

async fn a_refused_attempt_is_not_counted_for_the_address(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    let attempt = SignInAttempt::new("a", address);
    use_up(&throttle, &attempt).await?;
    let beyond = allowed(&throttle, &attempt, PER_ADDRESS).await?;
    demand_equal("attempts allowed beyond the limit", &beyond, &0)?;
    use_up(&throttle, &SignInAttempt::new("b", address)).await
}

async fn an_attempt_that_is_taken_back_does_not_count(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    let attempt = SignInAttempt::new("randall", address);
    throttle.take_back(&attempt).await?;
    for _ in 0..=PER_ADDRESS {
        demand(
            is_allowed(&throttle, &attempt).await?,
            "an attempt may be made after others were taken back",
        )?;
        throttle.take_back(&attempt).await?;
    }
    use_up(&throttle, &attempt).await
}

async fn taking_back_leaves_other_attempts(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    // As many as the address may make.
    let attempts = ["a", "b", "c", "d"].map(|name| SignInAttempt::new(name, address));
    for attempt in &attempts {
        use_up(&throttle, attempt).await?;
    }
    let last = &attempts[3];
    throttle.take_back(last).await?;
    let again = allowed(&throttle, last, 3).await?;
    demand_equal("attempts allowed after one was taken back", &again, &1)
}

async fn clearing_forgets_the_name_at_the_address(throttle: Throttle, mut keys: Keys) -> Outcome {
    let attempt = SignInAttempt::new("randall", keys.address());
    throttle.clear(&attempt).await?;
    use_up(&throttle, &attempt).await?;
    throttle.clear(&attempt).await?;
    use_up(&throttle, &attempt).await
}

async fn clearing_leaves_other_names(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    let (cleared, other) = (SignInAttempt::new("a", address), SignInAttempt::new("b", address));
    use_up(&throttle, &cleared).await?;
    use_up(&throttle, &other).await?;
    throttle.clear(&cleared).await?;
    demand(!is_allowed(&throttle, &other).await?, "another name's attempts stay when one is cleared")
}

async fn successes_use_up_nothing(throttle: Throttle, mut keys: Keys) -> Outcome {
    let address = keys.address();
    let attempt = SignInAttempt::new("randall", address);
    for _ in 0..PER_ADDRESS + PER_NAME {
        demand(is_allowed(&throttle, &attempt).await?, "somebody who signs in each time may do so again")?;
        throttle.clear(&attempt).await?;
    }
    use_up(&throttle, &SignInAttempt::new("another", address)).await
}
