use std::sync::Arc;

use proptest::prelude::*;
use xkcd_domain::comic::Comic;
use xkcd_domain::search::{SearchIndex, find_by_title};

use crate::comic;

fn titled(number: u32, title: &str, caption: &str) -> Arc<Comic> {
    Arc::new(Comic {
        number: comic(number),
        title: title.to_owned(),
        caption: Some(caption.to_owned()).filter(|it| !it.is_empty()),
        transcript: Some("only in the transcript".to_owned()),
        image: None,
        link: None,
        interactive: false,
        published: None,
    })
}

fn found(comics: &[Arc<Comic>], query: &str) -> Vec<u32> {
    SearchIndex::new(comics).find(query).iter().map(|it| it.number.get()).collect()
}

fn some() -> Vec<Arc<Comic>> {
    vec![
        titled(
            7,
            "Exploits of a Mother",
            "Her daughter is named Help, I'm trapped in a driver's license factory.",
        ),
        titled(9, "Motherboard", ""),
        titled(12, "Élan", "A mother, in the caption"),
        titled(20, "12 o'clock", ""),
    ]
}

#[test]
fn whole_words_of_the_title_come_before_beginnings_and_those_before_the_caption() {
    assert_eq!(found(&some(), "mother"), [7, 9, 12]);
    assert_eq!(found(&some(), "MOTH"), [9, 7, 12]);
}

#[test]
fn every_word_has_to_be_there_and_not_one_that_only_ends_so() {
    assert_eq!(found(&some(), "mother factory"), [7]);
    assert_eq!(found(&some(), "mother zebra"), []);
    assert_eq!(found(&some(), "other"), []);
    assert_eq!(found(&some(), "transcript"), []);
}

#[test]
fn a_number_finds_its_comic_first_and_the_words_too() {
    assert_eq!(found(&some(), "12"), [12, 20]);
    assert_eq!(found(&some(), " #9 "), [9]);
    assert_eq!(found(&some(), "404"), []);
}

#[test]
fn case_apostrophes_and_punctuation_do_not_matter() {
    for query in ["im trapped", "I'M TRAPPED", "i’m, trapped!", "help,im"] {
        assert_eq!(found(&some(), query), [7], "{query}");
    }
    assert_eq!(found(&some(), "éLAN"), [12]);
    assert_eq!(found(&some(), "oclock"), [20]);
}

#[test]
fn what_has_no_letters_and_digits_finds_nothing() {
    for query in ["", "   ", "%", "' OR 1=1 --'", "#", "\u{0}"] {
        assert_eq!(found(&some(), query), [], "{query}");
    }
}

#[test]
fn titles_alone_are_searched_by_the_same_rule() {
    let found = |query| find_by_title(&some(), query).iter().map(|it| it.get()).collect::<Vec<_>>();
    assert_eq!(found("MOTHER"), [7, 9]);
    assert_eq!(found("mother of exploits"), [7]);
    assert!(found("factory").is_empty() && found("other").is_empty() && found("%").is_empty());
    assert_eq!(found("12"), [12, 20]);
    assert_eq!(found("#3000"), [3_000]);
}

proptest! {
    #[test]
    fn any_query_finds_each_comic_at_most_once(query in "\\PC{0,60}") {
        let mut numbers = found(&some(), &query);
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), all);
    }

    #[test]
    fn a_comic_is_found_by_the_words_of_its_title(title in "[\\p{L}\\p{N} .,'’-]{0,40}[\\p{L}\\p{N}]") {
        let comics = [titled(3, &title, ""), titled(5, "Another", "")];
        prop_assert!(found(&comics, &title).contains(&3), "{}", title);
    }
}
