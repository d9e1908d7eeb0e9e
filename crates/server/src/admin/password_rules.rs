//! Which passwords are accepted: long ones, of which enough is left without what is guessed first: common words and
//! names, rows of keys, repetition, and one word with a few digits beside it.
//!
//! A list of the passwords that leaked would do more, and be larger than the rest of the app's code.

mod common_words;
mod key_rows;

use xkcd_domain::account::Username;

use common_words::COMMON;
use key_rows::without_rows;

const SHORTEST: usize = 12;
const LONGEST: usize = 128;
/// What has to be left of a password when its common parts are taken away.
const LEFT: usize = 4;
/// So many letters in a row may be one word.
const LONGEST_WORD: usize = 15;
/// So many digits may stay alone.
const MANY_DIGITS: usize = 10;
const DIFFERENT_CHARACTERS: usize = 5;
/// Where scripts begin that write words without spaces.
const WORDS_WITHOUT_SPACES: char = '\u{2e80}';

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
    if password.contains(char::REPLACEMENT_CHARACTER) {
        return Some("This password has a character that can’t be read: it is no UTF-8.");
    }
    is_guessed_first(&password.to_lowercase(), username).then_some(
        "This password is guessed early: common words, rows of keys and a word with digits count little. A few words that do not belong together are better.",
    )
}

fn is_guessed_first(password: &str, username: &Username) -> bool {
    let characters: Vec<char> = password.chars().collect();
    let mut different = characters.clone();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT_CHARACTERS || period(&characters) < SHORTEST {
        return true;
    }
    let name = username.as_str().to_lowercase();
    [password.to_owned(), password.chars().map(letter_meant).collect()]
        .into_iter()
        .any(|written| little_is_left(&without_common_parts(&written, &name)))
}

/// After how many characters a text begins anew, to its end; its length when it does not.
fn period(characters: &[char]) -> usize {
    let length = characters.len();
    let repeats =
        |period: &usize| characters.iter().zip(&characters[*period..]).all(|(one, other)| one == other);
    (1..length).filter(|period| length.is_multiple_of(*period)).find(repeats).unwrap_or(length)
}

/// The letter that a digit or sign stands for, when somebody writes a word with them.
const fn letter_meant(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

fn without_common_parts(password: &str, name: &str) -> String {
    let own = (name.len() >= 3).then_some(name);
    let parts = own.into_iter().chain(COMMON.iter().copied());
    let left = parts.fold(password.to_owned(), |left, part| left.replace(part, ""));
    without_rows(&left)
}

/// Whether it is a word at most, with a year or a few signs.
fn little_is_left(left: &str) -> bool {
    let is_letter =
        |letter: &char| !letter.is_ascii_digit() && !letter.is_ascii_punctuation() && !letter.is_whitespace();
    let letters = left.chars().filter(is_letter).count();
    let digits = left.chars().filter(char::is_ascii_digit).count();
    let in_a_row = left.chars().skip_while(|it| !is_letter(it)).take_while(is_letter).count();
    let is_word = in_a_row == letters
        && letters <= LONGEST_WORD
        && left.chars().filter(is_letter).all(|letter| letter < WORDS_WITHOUT_SPACES);
    digits < MANY_DIGITS && (letters < LEFT || is_word)
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
        assert_eq!(weakness_of("Bähnchen Straße"), None);
    }

    #[test]
    fn what_could_not_be_read_is_no_password() {
        assert!(weakness_of("kettle mossy \u{fffd}").unwrap().contains("UTF-8"));
    }

    #[test]
    fn common_words_are_guessed_first() {
        for common in [
            "password1234",
            "PasswordPassword",
            "Passw0rd2026!",
            "P4$$w0rd-2026",
            "adminadmin123",
            "administrator",
            "correcthorsebatterystaple",
            "Correct Horse Battery Staple",
            "ada.lovelace1",
            "Ada.Lovelace2026",
            "letmeinletmein",
            "xkcdapp-admin",
            "welcome-2026!",
            "iloveyou1234",
            "michael-jackson",
            "manchesterunited",
            "Summer-2026-London",
        ] {
            assert!(weakness_of(common).is_some_and(|why| why.contains("guessed")), "{common}");
        }
    }

    #[test]
    fn one_word_with_whatever_is_beside_it_is_guessed_first() {
        for word in [
            "professional",
            "leavemealone",
            "counterstrike",
            "Summer2026!!",
            "michael12345",
            "Straßenbähnchen",
            "lydcc20091314",
            "stefangreil1983",
            "1996inactive!",
            "demon1q2w3e4r5t",
            "кошелекчерный",
        ] {
            assert!(weakness_of(word).is_some_and(|why| why.contains("guessed")), "{word}");
        }
    }

    #[test]
    fn rows_of_keys_and_repetition_are_guessed_first() {
        for row in [
            "qwertyuiop12",
            "1q2w3e4r5t6y",
            "1q2w3e4r5t6y7u8i9o0p",
            "1qaz2wsx3edc4rfv",
            "!QAZ2wsx#EDC4rfv",
            "zaq1xsw2cde3",
            "qazxswedcvfr",
            "123qweasdzxc",
            "qwerasdfzxcv",
            "qwertzuiopü+#",
            "йцукенгшщзхъ",
            "123456789012",
            "12345678987654321",
            "112233445566",
            "159753159753",
            "abcdefghijklmn",
            "aaaaaaaaaaaa",
            "abababababab",
            "gfhjkmgfhjkm",
            "sofasofasofa",
            "h7k2mh7k2mh7k2m",
        ] {
            assert!(weakness_of(row).is_some_and(|why| why.contains("guessed")), "{row}");
        }
    }

    #[test]
    fn what_is_not_is_accepted() {
        for fine in [
            "purple-tricycle-9",
            "the admin likes tea",
            "were we treed, reader",
            "8f3kd02mzq1x",
            "724918350264",
            "sofa kettle sofa",
            "Verkehrsinselgemüsegarten",
            "猫が屋根の上で歌うよ三回",
        ] {
            assert_eq!(weakness_of(fine), None, "{fine}");
        }
    }
}
