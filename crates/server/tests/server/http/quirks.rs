//! Documents in the shapes that xkcd.com has, as readers see them. The words are the test's own.

use serde_json::{Value, json};

use crate::support::{Launch, StubUpstream, document};

/// The page of a comic whose document differs from a plain one in `differences`.
#[track_caller]
fn page(number: u32, differences: Value) -> Page {
    pages(&[(number, differences)]).remove(0)
}

#[track_caller]
fn pages(comics: &[(u32, Value)]) -> Vec<Page> {
    let documents = comics.iter().map(|(number, differences)| {
        let mut document = document(*number);
        document.as_object_mut().unwrap().extend(differences.as_object().unwrap().clone());
        document
    });
    let app = Launch::development().upstream(&StubUpstream::with_documents(documents.collect())).start();
    let get = |number: &u32| {
        let answer = app.get(&format!("/{number}/"));
        assert_eq!((answer.status, answer.comic()), (200, *number));
        Page(answer.text())
    };
    comics.iter().map(|(number, _)| get(number)).collect()
}

#[derive(Debug)]
struct Page(String);

impl Page {
    fn has(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    /// What a reader sees in the first element that begins so; it must hold text alone.
    #[track_caller]
    fn text_in(&self, element: &str) -> String {
        let (_, rest) = self.0.split_once(element).unwrap_or_else(|| panic!("no {element} in {}", self.0));
        let (_, content) = rest.split_once('>').unwrap();
        let text = content.split('<').next().unwrap();
        let entities = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#x27;", "'"),
            ("&#39;", "'"),
            ("&#x2F;", "/"),
        ];
        entities
            .iter()
            .fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
            .replace("&amp;", "&")
    }

    #[track_caller]
    fn title(&self) -> String {
        self.text_in("<bdi")
    }

    #[track_caller]
    fn caption(&self) -> String {
        self.text_in("<figcaption")
    }

    fn image(&self) -> Option<&str> {
        let (_, figure) = self.0.split_once("<figure>")?;
        figure.split_once("<img src=\"")?.1.split('"').next()
    }
}

#[test]
fn an_image_that_is_only_a_folder_is_something_to_see_on_xkcd() {
    for number in [1_608, 1_663] {
        let page = page(number, json!({"img": "https://imgs.xkcd.com/comics/"}));
        assert_eq!(page.image(), None, "{page:?}");
        assert!(
            page.has("more than a picture") && page.has(&format!(r#"href="https://xkcd.com/{number}/""#)),
            "{page:?}"
        );
    }
}

#[test]
fn unusual_addresses_of_images_are_kept() {
    for path in ["what_now%3F.png", "cat_(1)_and_(2).jpg", "folder/below/cat.png"] {
        let address = format!("https://imgs.xkcd.com/comics/{path}");
        assert_eq!(page(859, json!({"img": address})).image(), Some(address.as_str()));
    }
}

#[test]
fn images_come_from_one_host_only() {
    for address in [
        "https://evil.example/a.png",
        "http://imgs.xkcd.com/comics/a.png",
        "//imgs.xkcd.com/comics/a.png",
        "javascript:a.png",
        "https://imgs.xkcd.com.evil.example/a.png",
        "https://a@evil.example/a.png",
        "/static/site.css",
        "",
        "data:image/png,a",
        "https://imgs.xkcd.com/a.png\" onerror=\"alert(1)",
        "https://imgs.xkcd.com/<script>.png",
    ] {
        let page = page(859, json!({"img": address}));
        assert_eq!(page.image(), None, "{address}");
        assert!(!page.has("evil") && !page.has("onerror=") && !page.has("javascript:"), "{page:?}");
    }
}

#[test]
fn two_comics_may_have_the_same_image() {
    let img = "https://imgs.xkcd.com/comics/one_for_two.png";
    let pages = pages(&[(1_036, json!({"img": img})), (1_037, json!({"img": img}))]);
    assert_eq!([pages[0].image(), pages[1].image()], [Some(img), Some(img)]);
    assert_eq!([pages[0].title(), pages[1].title()], ["Title 1036", "Title 1037"]);
}

#[test]
fn scripts_beside_a_comic_are_not_run_and_mark_it_as_interactive() {
    let parts = json!({"headerextra": "<script src=\"//evil.example/x.js\"></script>", "pre": "<b>evil</b>", "links": [], "inset": null});
    let page = page(1_110, json!({"extra_parts": parts}));
    assert!(
        !page.has("evil") && page.has(r#"<a href="https://xkcd.com/1110/">try it on xkcd.com</a>"#),
        "{page:?}"
    );
    assert!(page.image().is_some());
}

#[test]
fn links_are_followed_over_http_alone() {
    for (link, shown) in [
        ("//xkcd.com/1506/", "https://xkcd.com/1506/"),
        ("http://example.org/plain", "http://example.org/plain"),
        ("https://example.org/report.pdf", "https://example.org/report.pdf"),
    ] {
        let page = page(1_190, json!({"link": link}));
        assert!(page.has(&format!(r#"href="{shown}""#)), "{page:?}");
    }
    for link in [
        "javascript:alert(1)",
        "data:text/html,evil",
        "/evil",
        "ftp://example.org/evil",
        "https://a\" onclick=\"evil",
        " ",
    ] {
        let page = page(1_190, json!({"link": link}));
        assert!(
            !page.has("evil") && !page.has("javascript:") && !page.has("This comic links to"),
            "{link}: {page:?}"
        );
    }
}

#[test]
fn news_are_not_shown() {
    let page = page(353, json!({"news": "<a href=\"https://store.example/\">Buy a poster</a>"}));
    assert!(!page.has("poster") && !page.has("store.example"), "{page:?}");
}

#[test]
fn an_empty_caption_is_none() {
    for alt in ["", "   "] {
        assert!(!page(1_193, json!({"alt": alt})).has("<figcaption"));
    }
}

#[test]
fn a_caption_is_trimmed() {
    assert_eq!(page(445, json!({"alt": "And that is all. "})).caption(), "And that is all.");
}

#[test]
fn markup_in_a_title_is_what_a_reader_of_xkcd_sees() {
    assert_eq!(page(259, json!({"title": "Jaded Clich&eacute;s"})).title(), "Jaded Clichés");
    let page = page(472, json!({"title": "<span style=\"color: #0000ED\">Castle</span> of Waffles"}));
    assert_eq!(page.title(), "Castle of Waffles");
    assert!(!page.has("0000ED"), "{page:?}");
}

#[test]
fn what_only_looks_like_markup_in_a_title_is_shown_once_escaped() {
    for title in ["R&R Rolls", "<Town>-Style Pasta", "AT&T; or <not>"] {
        let page = page(3_015, json!({"title": title, "safe_title": "lost"}));
        assert_eq!(page.title(), title);
        assert!(!page.has("&amp;amp;") && !page.has("&amp;lt;") && !page.has("lost"), "{page:?}");
    }
}

#[test]
fn tags_in_a_caption_are_text() {
    for alt in [
        "Hello, <noun>!",
        "by <your name>",
        "in <year>",
        "a <div> too many",
        "<x>",
        "<A>: Hm </a>so.&nbsp;",
        "\"quoted\" & 'quoted'",
        "<script>alert(1)</script>",
        "</figcaption><h1>evil</h1>",
    ] {
        let page = page(524, json!({"alt": alt}));
        assert_eq!(page.caption(), alt);
        assert!(!page.has("<script>") && page.0.matches("<h1>").count() == 1, "{page:?}");
    }
}

#[test]
fn a_title_that_turns_the_writing_round_turns_nothing_else() {
    let page = page(1_137, json!({"title": "\u{202e}LTR"}));
    assert!(page.has("<h1>#1137 | <bdi>\u{202e}LTR</bdi></h1>"), "{page:?}");
}

#[test]
fn garbled_letters_that_are_the_joke_stay() {
    let joke = "na\u{c3}\u{af}ve \u{e2}\u{80}\u{99}";
    assert_eq!(page(1_683, json!({"alt": joke})).caption(), joke);
    assert_eq!(page(1_913, json!({"title": joke})).title(), joke);
}

#[test]
fn transcripts_are_shown_where_they_belong_to_their_comic() {
    let transcript = "[[A cat]]\nCat: <meow>\n{{Title text: & so on}}";
    for number in [7, 580, 582, 1_608] {
        let page = page(number, json!({"transcript": transcript}));
        assert_eq!(page.text_in(r#"<p class="transcript""#), transcript);
    }
    for number in [581, 1_609, 1_611, 1_664, 1_677, 3_000] {
        let page = page(number, json!({"transcript": transcript}));
        assert!(
            !page.has("A cat") && page.has(&format!("https://www.explainxkcd.com/wiki/index.php/{number}")),
            "{page:?}"
        );
    }
}

#[test]
fn the_longest_texts_are_shown_whole() {
    let (title, alt, transcript) = ("t".repeat(53), "alt ".repeat(204), "said\n".repeat(3_181));
    let link = format!("https://example.org/{}", "l".repeat(98));
    let page = page(
        1_000,
        json!({"title": title, "alt": alt, "transcript": transcript, "link": link, "news": "n".repeat(714)}),
    );
    assert_eq!((page.title(), page.caption()), (title, alt.trim().to_owned()));
    assert_eq!(page.text_in(r#"<p class="transcript""#), transcript.trim());
    assert!(page.has(&format!(r#"href="{link}""#)));
}

#[test]
fn keys_that_are_unknown_missing_or_of_another_type_do_no_harm() {
    let page = page(
        353,
        json!({"year": null, "month": 13, "day": [], "alt": null, "link": 5, "transcript": {}, "hovertext": "new"}),
    );
    assert_eq!(page.title(), "Title 353");
    assert!(!page.has("<figcaption") && !page.has("<time"), "{page:?}");
}

#[test]
fn no_image_of_double_size_is_guessed() {
    let page = page(2_000, json!({}));
    assert!(!page.has("_2x") && !page.has("srcset"), "{page:?}");
}
