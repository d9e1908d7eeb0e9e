//! What becomes of documents, quirk by quirk, in the order in which the site's documents were found to have
//! them.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::date;
use xkcd_adapters_xkcd::document::{self, DocumentError};
use xkcd_domain::comic::{Comic, ComicNumber};
use xkcd_domain::text::is_fit;

/// Reads a document of comic `number` with some keys set to something else.
fn read(number: u32, changes: Value) -> Comic {
    let mut document = json!({
        "month": "4", "num": number, "link": "", "year": "2008", "news": "", "safe_title": "A Title",
        "transcript": "", "alt": "A caption", "title": "A Title", "day": "1",
        "img": "https://imgs.xkcd.com/comics/a_title.png"
    });
    let Value::Object(changes) = changes else { unreachable!("keys and values") };
    document.as_object_mut().unwrap().extend(changes);
    let comic = document::parse(Some(number.try_into().unwrap()), document.to_string().as_bytes()).unwrap();
    assert_eq!(comic.number.get(), number);
    comic
}

fn image(address: &str) -> Option<String> {
    read(1, json!({ "img": address })).image.map(|it| it.as_str().to_owned())
}

fn link(address: &str) -> Option<String> {
    read(1, json!({ "link": address })).link.map(|it| it.as_str().to_owned())
}

fn title(text: &str) -> String {
    read(1, json!({ "title": text })).title
}

fn caption(text: &str) -> Option<String> {
    read(1, json!({ "alt": text })).caption
}

#[test]
fn an_ordinary_document_is_read_in_full() {
    let comic = read(7, json!({}));
    assert_eq!(comic.title, "A Title");
    assert_eq!(comic.caption.as_deref(), Some("A caption"));
    assert_eq!(comic.image.unwrap().as_str(), "https://imgs.xkcd.com/comics/a_title.png");
    assert_eq!(comic.published, Some(date!(2008 - 04 - 01)));
    assert_eq!((comic.transcript, comic.link, comic.interactive), (None, None, false));
}

#[test]
fn a_document_of_no_comic_is_refused() {
    for num in [404, 0, -1, 20_001, 1_000_001, i64::MAX] {
        let document = json!({ "num": num, "title": "", "img": "" }).to_string();
        let refused = document::parse(None, document.as_bytes());
        assert!(matches!(refused, Err(DocumentError::NotANumber(it)) if it == num), "{refused:?}");
    }
}

#[test]
fn the_document_of_another_comic_is_refused() {
    let document = json!({ "num": 2, "title": "", "img": "" }).to_string();
    let refused = document::parse(Some(ComicNumber::ONE), document.as_bytes());
    assert!(matches!(refused, Err(DocumentError::OtherComic { found, .. }) if found.get() == 2));
}

#[test]
fn only_number_title_and_image_have_to_be_there() {
    let comic = document::parse(None, br#"{"num": 1, "title": "T", "img": "x", "unknown": [{}]}"#).unwrap();
    assert_eq!((comic.title.as_str(), comic.image, comic.published), ("T", None, None));
    for missing in [r#"{"title": "", "img": ""}"#, r#"{"num": 1, "img": ""}"#, r#"{"num": 1, "title": ""}"#] {
        assert!(document::parse(None, missing.as_bytes()).is_err(), "{missing}");
    }
    for wrong in [json!({ "num": "1", "title": "", "img": "" }), json!({ "num": 1, "title": 1, "img": "" })] {
        assert!(document::parse(None, wrong.to_string().as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_wrong_with_a_document_is_said_without_quoting_it() {
    let refused = document::parse(None, br#"{"num": "a secret of somebody"}"#).unwrap_err();
    let said = format!("{refused} {refused:?}");
    assert!(said.contains("line 1") && !said.contains("secret"), "{said}");
}

#[test]
fn other_keys_may_be_of_any_type() {
    for odd in [json!(null), json!(-4), json!(["x"]), json!({ "x": 1 })] {
        let comic = read(1, json!({ "alt": odd, "link": odd, "transcript": odd, "month": odd }));
        assert_eq!((comic.caption, comic.link, comic.transcript, comic.published), (None, None, None, None));
    }
    let dated = read(1, json!({ "year": 2008, "month": 12, "day": "07" }));
    assert_eq!(dated.published, Some(date!(2008 - 12 - 07)));
    for no_day in [json!({ "month": "2", "day": "30" }), json!({ "year": "-9999" }), json!({ "year": "0" })] {
        assert_eq!(read(1, no_day).published, None);
    }
}

#[test]
fn an_image_that_is_only_the_folder_makes_an_interactive_comic_without_image() {
    for number in [1608, 1663] {
        let comic = read(number, json!({ "img": "https://imgs.xkcd.com/comics/" }));
        assert_eq!((comic.image, comic.interactive), (None, true));
    }
}

#[test]
fn odd_but_valid_image_addresses_are_kept() {
    for address in [
        "https://imgs.xkcd.com/comics/what%3F.png",
        "https://imgs.xkcd.com/comics/barrel_(part_1).jpg",
        "https://imgs.xkcd.com/a/folder/more/a.gif",
    ] {
        assert_eq!(image(address).as_deref(), Some(address));
    }
}

#[test]
fn images_of_other_hosts_schemes_and_of_our_own_host_are_not_shown() {
    for address in [
        "http://imgs.xkcd.com/comics/a.png",
        "//imgs.xkcd.com/comics/a.png",
        "/static/a.png",
        "https://imgs.xkcd.com.example/a.png",
        "https://imgs.xkcd.com@example.com/a.png",
        "https://imgs.xkcd.com:444/a.png",
        "https://xkcd.com/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "https://imgs.xkcd.com/a.png\" onerror=\"x",
        "",
    ] {
        assert_eq!(image(address), None, "{address}");
    }
}

#[test]
fn two_comics_may_have_one_image() {
    let same = json!({ "img": "https://imgs.xkcd.com/comics/same.png" });
    assert_eq!(read(1036, same.clone()).image, read(1037, same).image);
}

#[test]
fn extra_parts_are_never_shown_and_mark_the_comic_interactive() {
    let parts =
        json!({ "extra_parts": { "headerextra": "<script>alert(1)</script>", "pre": "", "inset": 1 } });
    let comic = read(1110, parts);
    assert!(comic.interactive && comic.image.is_some());
    assert!(!format!("{comic:?}").contains("alert"));
}

#[test]
fn links_are_absolute_http_addresses_or_none() {
    assert_eq!(link("//xkcd.com/1506/").as_deref(), Some("https://xkcd.com/1506/"));
    for kept in ["http://example.com/", "https://example.com/a.pdf", "https://xkcd.com/1/?a=b#c"] {
        assert_eq!(link(kept).as_deref(), Some(kept));
    }
    for dropped in ["", "/1/", "javascript:alert(1)", "data:text/html,x", "ftp://example.com", "https:///x"] {
        assert_eq!(link(dropped), None, "{dropped}");
    }
}

#[test]
fn news_is_not_shown() {
    let comic = read(1, json!({ "news": "<a href=\"x\">The news</a>" }));
    assert!(!format!("{comic:?}").contains("news"));
}

#[test]
fn an_empty_caption_is_none_and_others_are_trimmed() {
    assert_eq!(caption(""), None);
    assert_eq!(caption(" \n"), None);
    assert_eq!(caption(" Two words ").as_deref(), Some("Two words"));
}

#[test]
fn a_title_is_the_text_that_its_markup_shows() {
    assert_eq!(title("Clich&eacute;d Exchanges"), "Clichéd Exchanges");
    let styled = r#"<span style="color: #0000ED">House</span> of Pancakes"#;
    assert_eq!(title(styled), "House of Pancakes");
}

#[test]
fn what_only_looks_like_markup_stays_in_a_title() {
    for literal in ["D&D Combinatorics", "D&D Roll", "<City>-Style Pizza"] {
        assert_eq!(title(literal), literal);
    }
}

#[test]
fn what_looks_like_markup_stays_in_a_caption() {
    for literal in
        ["a <noun>", "<your name>", "<year>", "<div>", "<x>", "<A>: Like </a>this.&nbsp;", "<b>x</b>"]
    {
        assert_eq!(caption(literal).as_deref(), Some(literal));
    }
}

#[test]
fn marks_of_direction_and_mojibake_stay_as_they_are() {
    for text in ["\u{202e}LTR", "Ã©", "â€™", "â\u{80}\u{99}"] {
        assert_eq!(title(text), text);
        assert_eq!(caption(text).as_deref(), Some(text));
    }
}

#[test]
fn line_breaks_become_spaces_other_controls_are_dropped_and_a_title_is_never_empty() {
    assert_eq!(title("a\u{0}b\r\nc\td\u{7f}"), "ab c d");
    assert_eq!(title("â\u{80}\u{99}s\u{fffe}\u{ffff}\u{fdd0}\u{10ffff}"), "â\u{80}\u{99}s");
    assert_eq!(caption("\u{7f}\u{1f}\u{fffe}"), None);
    assert_eq!(title(" \t"), "#1");
}

#[test]
fn only_transcripts_that_belong_to_their_comic_are_shown() {
    let with = |number| read(number, json!({ "transcript": "[[A man]]\nMan: Hm\r\n" })).transcript;
    for number in [1, 580, 582, 1608] {
        assert_eq!(with(number).as_deref(), Some("[[A man]]\nMan: Hm"));
    }
    for number in [581, 1609, 1611, 1664, 1667, 1677, 3000] {
        assert_eq!(with(number), None);
    }
    assert_eq!(read(1, json!({ "transcript": "" })).transcript, None);
}

#[test]
fn the_longest_fields_are_kept_whole() {
    let long = |length: usize| "x".repeat(length);
    let comic = read(1, json!({ "title": long(53), "alt": long(816), "transcript": long(15_905) }));
    let lengths = (comic.title.len(), comic.caption.unwrap().len(), comic.transcript.unwrap().len());
    assert_eq!(lengths, (53, 816, 15_905));
}

fn assert_trustworthy(comic: &Comic) {
    assert!(!comic.number.is_built_in() && comic.number.get() != 404);
    assert!(!comic.title.trim().is_empty());
    let texts = [Some(&comic.title), comic.caption.as_ref(), comic.transcript.as_ref()];
    assert!(texts.into_iter().flatten().flat_map(|it| it.chars()).all(|it| it == '\n' || is_fit(it)));
    let plain = |it: &str| it.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    if let Some(image) = &comic.image {
        assert!(image.as_str().starts_with("https://imgs.xkcd.com/") && plain(image.as_str()), "{image:?}");
    }
    if let Some(link) = &comic.link {
        let lower = link.as_str().to_ascii_lowercase();
        assert!((lower.starts_with("https://") || lower.starts_with("http://")) && plain(&lower), "{link:?}");
    }
}

/// Addresses that are close to being trusted.
fn address() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec!["https://", "http://", "//", "/", "javascript:", "HTTPS://", ""]);
    let host = prop::sample::select(vec!["imgs.xkcd.com", "xkcd.com", "a@imgs.xkcd.com", "[::1]", ""]);
    (scheme, host, "[/@:.\\\\\"'<> ?#%a-z\u{0}\u{202e}é]{0,12}").prop_map(|(a, b, c)| format!("{a}{b}{c}"))
}

/// A value of any type.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..40)
            .prop_map(|it| Value::from(it.into_iter().collect::<String>())),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({ "a": [1] }))
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        if let Ok(comic) = document::parse(None, &bytes) {
            assert_trustworthy(&comic);
        }
    }

    #[test]
    fn whatever_is_read_can_be_trusted(
        num in prop_oneof![1..4_000_i64, any::<i64>()],
        title in "[<>/&;#ab \u{0}\u{85}é\u{202e}\u{ffff}]{0,20}",
        img in address(),
        link in address(),
        rest in prop::collection::vec(value(), 6),
    ) {
        let document = json!({
            "num": num, "title": title, "img": img, "link": link, "alt": rest[0], "transcript": rest[1],
            "year": rest[2], "month": rest[3], "day": rest[4], "extra_parts": rest[5]
        });
        match document::parse(None, document.to_string().as_bytes()) {
            Ok(comic) => assert_trustworthy(&comic),
            Err(refused) => prop_assert!(matches!(refused, DocumentError::NotANumber(it) if it == num)),
        }
    }
}
