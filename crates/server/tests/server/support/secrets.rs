//! Nothing that a process writes may have a secret in it that any process of these tests was given, or that a
//! browser holds. It is looked for here, in all that every process writes, so that no test can forget to.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is given in the environment.
const GIVEN: [&str; 5] = [
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_PASSWORD",
    "ELASTICACHE_AUTH_TOKEN",
    "SECRET_KEY",
    "XKCDAPP_ADMIN_PASSWORD",
];

/// What is shorter may be in a line by chance.
const SHORTEST: usize = 7;

fn known() -> MutexGuard<'static, BTreeSet<String>> {
    static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on nobody may tell `secret`.
pub(super) fn keep(secret: &str) {
    let secret = secret.trim();
    if secret.len() >= SHORTEST {
        known().insert(secret.to_owned());
    }
}

/// Keeps the value of a variable, if that is one of a secret.
pub(super) fn keep_variable(name: &str, value: &str) {
    if GIVEN.contains(&name) {
        keep(value);
    }
}

#[track_caller]
pub(super) fn assert_untold(lines: &[String]) {
    let text = lines.join("\n");
    let told = known().iter().find(|secret| text.contains(secret.as_str())).cloned();
    if let Some(secret) = told {
        let line = lines.iter().find(|line| line.contains(&secret));
        panic!("a process told the secret {secret:?}: {line:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::support::Launch;

    fn shell(script: &str) {
        Launch::of(Path::new("/bin/sh"))
            .set("SECRET_KEY", "a-key-for-this-test-alone")
            .run(&["-c", script], "");
    }

    #[test]
    #[should_panic(expected = "told the secret")]
    fn a_process_that_tells_its_secret_fails_the_test() {
        shell("echo \"the key is $SECRET_KEY\" >&2");
    }

    #[test]
    #[should_panic(expected = "told the secret")]
    fn a_process_that_tells_the_key_it_made_fails_the_test() {
        shell(
            "mkdir -p $XKCDAPP_DATA; echo 0123456789abcdef >$XKCDAPP_DATA/secret_key; echo 0123456789abcdef",
        );
    }

    #[test]
    fn one_that_keeps_it_does_not() {
        shell("echo \"the key has ${#SECRET_KEY} bytes\"");
    }
}
