//! Keys that lie beside each other, and characters that follow each other.

/// From how many characters on a row is one.
const ROW: usize = 3;

/// Each key touches the one beside it and two of the row below: that under its left edge and the one before.
const KEYBOARDS: &[[&str; 4]] = &[
    ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"],
    ["1234567890ß´", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-"],
    ["1234567890)=", "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!"],
    ["1234567890-=", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю."],
];

/// What shift makes of the digits.
const SHIFTED: &str = "!@#$%^&*()";

/// What is left of a text, in lower case, without its rows.
pub(super) fn without_rows(text: &str) -> String {
    let mut left: Vec<char> = text.chars().collect();
    for keyboard in KEYBOARDS {
        left = without(&left, |one, other| touch(keyboard, one, other));
    }
    without(&left, |one, other| u32::from(one).abs_diff(u32::from(other)) <= 1).into_iter().collect()
}

fn without(text: &[char], follows: impl Fn(char, char) -> bool) -> Vec<char> {
    let rows = text.chunk_by(|one, other| follows(*one, *other));
    rows.filter(|row| row.len() < ROW).flatten().copied().collect()
}

fn touch(keyboard: &[&str; 4], one: char, other: char) -> bool {
    let (Some(one), Some(other)) = (place(keyboard, one), place(keyboard, other)) else { return false };
    let ((upper, of_upper), (lower, of_lower)) = if one <= other { (one, other) } else { (other, one) };
    match lower - upper {
        0 => of_lower.abs_diff(of_upper) <= 1,
        1 => of_lower == of_upper || of_lower + 1 == of_upper,
        _ => false,
    }
}

/// The row and the place in it.
fn place(keyboard: &[&str; 4], key: char) -> Option<(usize, usize)> {
    let place_in = |row: &str, key| row.chars().position(|it| it == key);
    let found = keyboard.iter().enumerate().find_map(|(row, keys)| Some((row, place_in(keys, key)?)));
    found.or_else(|| Some((0, place_in(SHIFTED, key)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_any_direction_and_turn() {
        for row in
            ["qwe", "ewq", "qaz", "zaq", "1q2w3e", "2ws", "esz", "qweewq", "aaa", "abc", "987", "@wsx", "yxc"]
        {
            assert_eq!(without_rows(row), "", "{row}");
        }
    }

    #[test]
    fn what_is_no_row_is_left() {
        for text in ["", "q", "qw", "kettle", "qp1", "moss", "13579"] {
            assert_eq!(without_rows(text), text);
        }
        assert_eq!(without_rows("mossqwerty 123 kettle"), "moss  kettle");
        assert_eq!(SHIFTED.len(), 10);
    }
}
