use std::sync::Arc;

use proptest::prelude::*;
use xkcd_domain::comic::Comic;
use xkcd_domain::search::{Query, SearchIndex, find_by_title};

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
    SearchIndex::new(comics).find(&Query::new(query)).iter().map(|it| it.number.get()).collect()
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
fn accents_do_not_matter() {
    for query in ["elan", "ÉLAN", "e\u{301}lan", "élàn"] {
        assert_eq!(found(&some(), query), [12], "{query}");
    }
    let korean = [titled(5, "한글", "")];
    assert_eq!((found(&korean, "한글"), found(&korean, "글")), (vec![5], vec![]));
}

#[test]
fn eight_different_words_are_looked_for_and_it_is_said_when_there_are_more() {
    let comics = [titled(1, "a b c d", "e f g h")];
    assert!(!Query::new("a b c d e f g h A B a b c").leaves_out());
    assert_eq!(found(&comics, "a b c d e f g h"), [1]);
    assert_eq!(found(&comics, "a b c d e f g x"), []);
    let more = "a b c d e f g h x";
    assert!(Query::new(more).leaves_out());
    assert_eq!(found(&comics, more), [1]);
}

#[test]
fn a_word_at_the_end_of_the_title_is_one_of_the_title_and_the_first_of_the_caption_is_not() {
    let comics = [titled(1, "red boat", ""), titled(2, "red", "boat"), titled(3, "boats", "")];
    assert_eq!(found(&comics, "boat"), [1, 3, 2]);
}

#[test]
fn what_has_no_letters_and_digits_finds_nothing() {
    for query in ["", "   ", "%", "' OR 1=1 --'", "#", "\u{0}"] {
        assert_eq!(found(&some(), query), [], "{query}");
    }
}

#[test]
fn titles_alone_are_searched_by_the_same_rule() {
    let found =
        |query| find_by_title(&some(), &Query::new(query)).iter().map(|it| it.get()).collect::<Vec<_>>();
    assert_eq!(found("MOTHER"), [7, 9]);
    assert_eq!(found("mother of exploits"), [7]);
    assert!(found("factory").is_empty() && found("other").is_empty() && found("%").is_empty());
    assert_eq!(found("12"), [12, 20]);
    assert_eq!(found("#3000"), [3_000]);
}

proptest! {
    #[test]
    fn any_query_finds_each_comic_at_most_once(letters in prop::collection::vec(any::<char>(), 0..60)) {
        let query: String = letters.into_iter().collect();
        let mut numbers = found(&some(), &query);
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), all);
    }

    #[test]
    fn words_in_another_order_and_again_find_the_same(query in "[a-zé0-9 '’.#]{0,40}") {
        let mut words: Vec<_> = query.split(' ').filter(|word| *word != "#").collect();
        // A number alone is the number of a comic.
        prop_assume!(words.iter().filter(|word| !word.is_empty()).count() > 1);
        let straight = found(&some(), &words.join(" "));
        words.reverse();
        words.extend(words.clone());
        prop_assume!(!Query::new(&words.join(" ")).leaves_out());
        prop_assert_eq!(found(&some(), &words.join(" ")), straight);
    }

    #[test]
    fn a_comic_is_found_by_the_words_of_its_title(title in "[\\p{L}\\p{N} .,'’-]{0,40}[\\p{L}\\p{N}]") {
        let comics = [titled(3, &title, ""), titled(5, "Another", "")];
        prop_assert!(found(&comics, &title).contains(&3), "{}", title);
    }
}
