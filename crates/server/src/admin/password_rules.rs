//! Which passwords are accepted: long ones that are not among the first that are guessed.

use xkcd_domain::account::Username;

const SHORTEST: usize = 12;
const LONGEST: usize = 128;
/// What has to be left of a password when its common parts are taken away.
const LEFT: usize = 4;
const DIFFERENT_CHARACTERS: usize = 5;

/// Parts that guessers put together first, in lower case; longer ones before those that they contain.
const COMMON: &[&str] = &[
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "correct-horse-battery-staple",
    "tr0ub4dor&3",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t",
    "1q2w3e4r",
    "q1w2e3r4",
    "qazwsxedc",
    "qazwsx",
    "1qaz2wsx",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijkl",
    "abcdefgh",
    "abcdef",
    "abc123",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pa$$word",
    "pa55word",
    "passwort",
    "passphrase",
    "administrator",
    "superuser",
    "changeme",
    "letmein",
    "iloveyou",
    "trustno1",
    "whatever",
    "football",
    "baseball",
    "princess",
    "sunshine",
    "starwars",
    "superman",
    "dragon",
    "monkey",
    "shadow",
    "master",
    "welcome",
    "hello",
    "secret",
    "default",
    "qwerty",
    "qwertz",
    "azerty",
    "asdfgh",
    "admin",
    "login",
    "guest",
    "hunter2",
    "server",
    "xkcdapp",
    "xkcd",
    "munroe",
    "comic",
    "pass",
    "test",
    "user",
    "root",
    "love",
    "word",
    "!@#$%^&*",
    "!qaz",
    "@wsx",
    "asdf",
    "1234567890",
    "0123456789",
    "12345",
    "54321",
    "1234",
    "123",
];

/// What is wrong with a password for an account, in a sentence for its owner; `None` when it is fine.
#[must_use]
pub(crate) fn weakness(password: &str, username: &Username) -> Option<&'static str> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Some("A password has at least 12 characters.");
    }
    if length > LONGEST {
        return Some("A password has at most 128 characters.");
    }
    is_guessed_first(password, username)
        .then_some("This password is among the first that are guessed. A few words that do not belong together are better.")
}

fn is_guessed_first(password: &str, username: &Username) -> bool {
    let password = password.to_lowercase();
    let mut characters: Vec<char> = password.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if characters.len() < DIFFERENT_CHARACTERS {
        return true;
    }
    let name = username.as_str().to_lowercase();
    let own = (name.len() >= 3).then_some(name.as_str());
    let left =
        own.into_iter().chain(COMMON.iter().copied()).fold(password, |left, part| left.replace(part, ""));
    let letters = left.chars().filter(|letter| !letter.is_ascii_digit() && !letter.is_ascii_punctuation());
    let digits = left.chars().filter(char::is_ascii_digit).count();
    // A year, or a few digits and an exclamation mark, make a common word no rarer.
    letters.filter(|letter| !letter.is_whitespace()).count() < LEFT && digits < 10
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weakness_of(password: &str) -> Option<&'static str> {
        weakness(password, &"ada.lovelace".parse().unwrap())
    }

    #[test]
    fn passwords_are_of_12_to_128_characters() {
        assert!(weakness_of("kettle moss").unwrap().contains("at least 12"));
        assert_eq!(weakness_of("kettle mossy"), None);
        assert_eq!(weakness_of(&"kettle mossy pi ".repeat(8)), None);
        assert!(weakness_of(&"kettle mossy pi ".repeat(9)).unwrap().contains("at most 128"));
        assert_eq!(weakness_of("Straßenbähnchen"), None);
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for common in [
            "password1234",
            "PasswordPassword",
            "Passw0rd2026!",
            "adminadmin123",
            "administrator",
            "qwertyuiop12",
            "1q2w3e4r5t6y",
            "123456789012",
            "aaaaaaaaaaaa",
            "abababababab",
            "correcthorsebatterystaple",
            "Correct Horse Battery Staple",
            "ada.lovelace1",
            "Ada.Lovelace2026",
            "letmeinletmein",
            "xkcdapp-admin",
            "welcome-2026!",
            "iloveyou1234",
        ] {
            assert!(weakness_of(common).is_some_and(|why| why.contains("guessed")), "{common}");
        }
    }

    #[test]
    fn what_is_not_is_accepted() {
        for fine in [
            "purple-tricycle-9",
            "the admin likes tea",
            "8f3kd02mzq1x",
            "724918350264",
            "猫が屋根の上で歌うよ三回",
        ] {
            assert_eq!(weakness_of(fine), None, "{fine}");
        }
    }
}
