//! A comic as text.

use xkcd_domain::comic::{Comic, ImageUrl};

/// The page of a comic, which ends in a line break.
pub(crate) fn page(comic: &Comic) -> String {
    let image = match comic.image.as_ref().map(ImageUrl::as_str) {
        Some(address) => address,
        None if comic.interactive => "more than an image, to be seen on the site",
        None => "none",
    };
    let mut lines = vec![
        format!("#{}: {}", comic.number, line(&comic.title)),
        String::new(),
        format!("Caption: {}", line(comic.caption.as_deref().unwrap_or("none"))),
        format!("Image: {}", line(image)),
    ];
    if let Some(transcript) = &comic.transcript {
        lines.push(String::new());
        lines.extend(transcript.lines().map(|spoken| format!("  {}", line(spoken))));
    }
    if !comic.number.is_built_in() {
        lines.push(format!("\nhttps://xkcd.com/{}/, by Randall Munroe, CC BY-NC 2.5", comic.number));
    }
    lines.join("\n") + "\n"
}

/// Text that stays on its line and in its direction: without what terminals take for commands, C1 controls
/// included, and without what turns the writing of all that follows.
pub(crate) fn line(text: &str) -> String {
    let turns = |it: char| matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|it| !it.is_control() && !turns(*it)).collect()
}

#[cfg(test)]
mod tests {
    use xkcd_domain::comic::ComicNumber;

    use super::*;

    fn a_comic() -> Comic {
        Comic {
            number: ComicNumber::ONE,
            title: "A title".to_owned(),
            caption: None,
            transcript: Some("One.\nTwo.".to_owned()),
            image: "https://imgs.xkcd.com/comics/a.png".parse().ok(),
            link: None,
            interactive: false,
            published: None,
        }
    }

    #[test]
    fn a_page_has_all_that_is_known_of_a_comic() {
        let wanted = "#1: A title\n\nCaption: none\nImage: https://imgs.xkcd.com/comics/a.png\n\n  One.\n  \
            Two.\n\nhttps://xkcd.com/1/, by Randall Munroe, CC BY-NC 2.5\n";
        assert_eq!(page(&a_comic()), wanted);
    }

    #[test]
    fn a_comic_without_an_image_says_what_it_is_instead() {
        let interactive = Comic { image: None, interactive: true, transcript: None, ..a_comic() };
        assert!(page(&interactive).contains("Image: more than an image"));
        assert!(page(&Comic { interactive: false, ..interactive }).contains("Image: none"));
    }

    #[test]
    fn no_text_steers_the_terminal() {
        let hostile = "\u{1b}[31mred\u{9b}2J\u{7}\r\u{202e}\u{2066}".to_owned();
        let comic = Comic {
            title: hostile.clone(),
            caption: Some(hostile.clone()),
            transcript: Some(hostile),
            ..a_comic()
        };
        let shown = page(&comic);
        assert!(shown.chars().all(|it| it == '\n' || !it.is_control()) && shown.contains("[31mred2J\n"));
    }
}
