use std::borrow::Cow;

use serde::Serialize;
use xkcd_domain::comic::{ImageUrl, LinkUrl, Sourced};

use super::{Day, isolated};
use crate::assets::{Assets, Size};
use crate::navigation::Navigation;

/// A comic as a visitor meets it: all that its page depends on, but for the count.
#[derive(Clone, PartialEq, Debug)]
pub struct Encounter {
    /// The comic.
    pub shown: Sourced,
    /// Where to go from it.
    pub navigation: Navigation,
    /// Whether it stands in for one of xkcd's.
    pub stand_in: bool,
}

/// What the page of a comic shows, with marks where the count goes.
#[expect(clippy::struct_excessive_bools, reason = "a template asks yes or no, and any of them may hold")]
#[derive(Debug, Serialize)]
pub(super) struct ComicPage<'a> {
    number: u32,
    title: &'a str,
    /// The title where there is no element to isolate it.
    isolated_title: Cow<'a, str>,
    caption: Option<&'a str>,
    transcript: Option<&'a str>,
    image: Option<&'a str>,
    /// Whether the image is one of the app's own, so that its address is a path.
    image_is_local: bool,
    /// Where the image leads: a larger image only.
    larger_image: Option<&'a str>,
    /// Where else the comic leads.
    link: Option<&'a str>,
    interactive: bool,
    built_in: bool,
    /// The size of a drawing of the app's own, so that the page does not jump when it arrives.
    image_size: Option<Size>,
    published: Option<Day>,
    /// Since when the document has not been refreshed, when that is too long ago.
    stale_since: Option<Day>,
    /// Whether the comic stands in for one of xkcd's.
    stand_in: bool,
    navigation: Navigation,
}

impl<'a> ComicPage<'a> {
    pub(super) fn new(encounter: &'a Encounter, assets: &Assets) -> Self {
        let Encounter { shown, navigation, stand_in } = encounter;
        let comic = shown.comic.as_ref();
        let (larger_image, link) = match &comic.link {
            Some(link) if link.is_image() => (Some(link.as_str()), None),
            link => (None, link.as_ref().map(LinkUrl::as_str)),
        };
        Self {
            number: comic.number.get(),
            title: &comic.title,
            isolated_title: isolated(&comic.title),
            caption: comic.caption.as_deref(),
            transcript: comic.transcript.as_deref(),
            image: comic.image.as_ref().map(ImageUrl::as_str),
            image_is_local: comic.image.as_ref().is_some_and(ImageUrl::is_local),
            larger_image,
            link,
            interactive: comic.interactive,
            built_in: comic.number.is_built_in(),
            image_size: comic.image.as_ref().and_then(|image| assets.size_of(image.as_str())),
            published: comic.published.map(Day::from),
            stale_since: shown.fetched_at.filter(|_| shown.stale).map(|at| at.date().into()),
            stand_in: *stand_in,
            navigation: *navigation,
        }
    }
}
