use proptest::prelude::*;
use xkcd_domain::comic::{ImageUrl, LinkUrl};

#[test]
fn addresses_of_comics_images_are_taken_as_they_are() {
    for text in [
        "https://imgs.xkcd.com/comics/barrel_cropped_(1).jpg",
        "https://imgs.xkcd.com/comics/landsat.png",
        "https://imgs.xkcd.com/comics/sub/folder/a%3F.png",
        "/static/comics/1000001.svg",
    ] {
        let image: ImageUrl = text.parse().unwrap();
        assert_eq!(image.as_str(), text);
        assert_eq!(image.is_local(), text.starts_with('/'));
    }
}

#[test]
fn hostile_images_are_refused() {
    for text in [
        "",
        "/",
        "//",
        "//evil.example/a.png",
        "/\\evil.example/a.png",
        "https://imgs.xkcd.com",
        "https://imgs.xkcd.com/",
        "https://imgs.xkcd.com/comics/",
        "http://imgs.xkcd.com/comics/a.png",
        "https://imgs.xkcd.com.evil.example/a.png",
        "https://imgs.xkcd.com@evil.example/a.png",
        "https://imgs.xkcd.com:8443/a.png",
        "https://evil.example/https://imgs.xkcd.com/a.png",
        " https://imgs.xkcd.com/comics/a.png",
        "https://imgs.xkcd.com/comics/a b.png",
        "https://imgs.xkcd.com/comics/a.png\r\nX: y",
        "https://imgs.xkcd.com/\"onerror=alert(1)",
        "https://imgs.xkcd.com/<script>",
        "https://imgs.xkcd.com/\u{202e}gnp.a",
        "data:image/svg+xml,<svg/>",
        "javascript:alert(1)",
        "comics/a.png",
        &format!("https://imgs.xkcd.com/{}.png", "a".repeat(2_000)),
    ] {
        assert!(text.parse::<ImageUrl>().is_err(), "{text:?}");
    }
}

#[test]
fn links_become_absolute() {
    for (text, absolute) in [
        ("https://xkcd.com/1506/", "https://xkcd.com/1506/"),
        ("http://example.org/a.pdf?b=c#d", "http://example.org/a.pdf?b=c#d"),
        ("//xkcd.com/1506/", "https://xkcd.com/1506/"),
        ("HTTPS://EXAMPLE.ORG", "HTTPS://EXAMPLE.ORG"),
        ("https://[::1]:8000/", "https://[::1]:8000/"),
    ] {
        assert_eq!(text.parse::<LinkUrl>().unwrap().as_str(), absolute);
    }
}

#[test]
fn hostile_links_are_refused() {
    for text in [
        "",
        "/admin/logout/",
        "///evil.example",
        "https://",
        "https:///path",
        "https:/example.org",
        "javascript:alert(1)",
        "JavaScript://%0aalert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "https://user:pass@example.org/",
        "https://xkcd.com@evil.example/",
        "https://example.org\\@evil.example/",
        "https://example.org/\"><script>",
        "https://example.org/\u{202e}",
        "https://exämple.org/",
        "\u{1f980}",
    ] {
        assert!(text.parse::<LinkUrl>().is_err(), "{text:?}");
    }
}

#[test]
fn a_link_to_an_image_is_known_by_its_ending() {
    for (text, is_image) in [
        ("https://imgs.xkcd.com/comics/a_large.png", true),
        ("https://imgs.xkcd.com/comics/a_large.JPG?x=.html", true),
        ("https://xkcd.com/1506/", false),
        ("https://example.org/a.pdf", false),
        ("https://example.org/?a.png", false),
        ("https://example.png", false),
    ] {
        assert_eq!(text.parse::<LinkUrl>().unwrap().is_image(), is_image, "{text}");
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_holds_nothing_that_could_leave_an_attribute(text in "\\PC{0,40}", at in 0_usize..4) {
        let start = ["", "https://imgs.xkcd.com/", "https://example.org/", "//"][at];
        let text = format!("{start}{text}");
        let plain = |text: &str| text.is_ascii() && !text.contains(['"', '<', '>', '\\', '`', ' ', '\n']);
        if let Ok(image) = text.parse::<ImageUrl>() {
            prop_assert!(plain(image.as_str()));
            prop_assert!(image.is_local() || image.as_str().starts_with("https://imgs.xkcd.com/"));
        }
        if let Ok(link) = text.parse::<LinkUrl>() {
            prop_assert!(plain(link.as_str()));
            prop_assert_eq!(link.as_str().parse::<LinkUrl>(), Ok(link.clone()));
        }
    }
}
