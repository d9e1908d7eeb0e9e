//! Text that came from outside.

/// Whether a character can stand in a page and in a feed: it is neither a control character, line breaks and tabs
/// among them, nor one of those that Unicode keeps from being characters. HTML allows neither, XML forbids most.
///
/// ```
/// use xkcd_domain::text::is_fit;
///
/// assert!("Clichéd <b> \u{202e}".chars().all(is_fit));
/// assert!(!"\0\n\u{80}\u{ffff}\u{fdd0}\u{1fffe}".chars().any(is_fit));
/// ```
#[must_use]
pub fn is_fit(letter: char) -> bool {
    let code = u32::from(letter);
    let is_noncharacter = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    !letter.is_control() && !is_noncharacter
}
