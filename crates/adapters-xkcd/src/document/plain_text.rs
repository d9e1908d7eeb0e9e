//! The text that a reader sees of a title that may hold markup.

use std::ops::Range;

/// Elements that style a text. Anything else in angle brackets is part of the joke.
const STYLING: [&str; 26] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark",
    "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
];

/// `<b>` or `</b>`: where it is, and of which element, as an index into [`STYLING`].
struct Tag {
    at: Range<usize>,
    element: usize,
    closes: bool,
}

/// Drops the tags of styling elements that are opened and closed, and decodes well-formed entities, once.
/// All else stays as it is: `D&D`, `<City>-Style Pizza`.
pub(super) fn of_markup(markup: &str) -> String {
    let mut bare = String::with_capacity(markup.len());
    let mut done = 0;
    for tag in paired(tags(markup)) {
        bare.push_str(&markup[done..tag.start]);
        done = tag.end;
    }
    bare.push_str(&markup[done..]);
    html_escape::decode_html_entities(&bare).into_owned()
}

fn tags(markup: &str) -> impl Iterator<Item = Tag> {
    markup.match_indices('<').filter_map(|(start, _)| tag_at(markup, start))
}

fn tag_at(markup: &str, start: usize) -> Option<Tag> {
    let inside = &markup[start + 1..];
    let length = inside.find(['<', '>']).filter(|end| inside[*end..].starts_with('>'))?;
    let content = &inside[..length];
    let opened = content.strip_prefix('/').unwrap_or(content);
    let name = opened.split(|it: char| it.is_ascii_whitespace()).next()?;
    let element = STYLING.iter().position(|it| it.eq_ignore_ascii_case(name))?;
    Some(Tag { at: start..start + length + 2, element, closes: content.starts_with('/') })
}

/// The places of all tags that have a partner, in ascending order.
fn paired(tags: impl Iterator<Item = Tag>) -> Vec<Range<usize>> {
    let mut open: [Vec<Range<usize>>; STYLING.len()] = Default::default();
    let mut paired = Vec::new();
    for tag in tags {
        if !tag.closes {
            open[tag.element].push(tag.at);
        } else if let Some(partner) = open[tag.element].pop() {
            paired.extend([partner, tag.at]);
        }
    }
    paired.sort_by_key(|it| it.start);
    paired
}

#[cfg(test)]
mod tests {
    use super::of_markup;

    #[test]
    fn tags_of_styling_elements_that_are_opened_and_closed_are_dropped() {
        assert_eq!(of_markup(r#"<span style="color: #00E">House</span> of <B>Cards</b>"#), "House of Cards");
        assert_eq!(of_markup("<i>a <b>b</b></i> c"), "a b c");
    }

    #[test]
    fn tags_without_a_partner_stay() {
        for literal in ["<b>", "a </b> b", "<i", "x < y > z", "< b>x</ b>", "<b><i>x</b", "<>", "</>"] {
            assert_eq!(of_markup(literal), literal);
        }
        assert_eq!(of_markup("<i><b>x</b>"), "<i>x");
    }

    #[test]
    fn tags_of_other_elements_stay() {
        for literal in ["<City>-Style Pizza", "<script>x</script>", "<div>x</div>", "<bold>x</bold>"] {
            assert_eq!(of_markup(literal), literal);
        }
    }

    #[test]
    fn entities_are_decoded_once_when_well_formed() {
        assert_eq!(
            of_markup("Clich&eacute;d &#8212; &amp;lt; &lt;b&gt;x&lt;/b&gt;"),
            "Clichéd — &lt; <b>x</b>"
        );
        for literal in ["D&D", "a & b", "AT&T; x", "&#xD800;", "&", "&;", "&nope;", "&eacute"] {
            assert_eq!(of_markup(literal), literal);
        }
    }

    #[test]
    fn many_tags_take_no_long_time() {
        let deep = "<b>".repeat(20_000) + &"</b>".repeat(20_000);
        assert_eq!(of_markup(&deep), "");
        let unclosed = "<b>".repeat(20_000) + &"</i>".repeat(20_000);
        assert_eq!(of_markup(&unclosed), unclosed);
    }
}
