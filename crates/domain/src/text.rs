//! Text that came from outside.

/// Whether a character can stand in a page and in a feed: it is neither a control character of ASCII, line breaks and
/// tabs among them, nor one of those that Unicode keeps from being characters. XML 1.0 forbids most of them. It
/// allows the control characters of Latin-1, and those stay: they are part of mojibake, which may be the joke.
///
/// ```
/// use xkcd_domain::text::is_fit;
///
/// assert!("Clichéd <b> \u{202e} â\u{80}\u{99}".chars().all(is_fit));
/// assert!(!"\0\n\u{7f}\u{ffff}\u{fdd0}\u{1fffe}".chars().any(is_fit));
/// ```
#[must_use]
pub fn is_fit(letter: char) -> bool {
    let code = u32::from(letter);
    let is_noncharacter = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    !letter.is_ascii_control() && !is_noncharacter
}
