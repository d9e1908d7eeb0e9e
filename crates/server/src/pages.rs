//! The pages: a typed context each, rendered by tera from embedded templates.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use serde::Serialize;
use tera::{Context, Tera};
use time::Date;
use xkcd_domain::comic::{ComicNumber, Sourced};
use xkcd_domain::views::ViewCount;

use crate::assets::{Assets, Size};
use crate::config::PublicUrl;
use crate::navigation::Navigation;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// Renders pages.
#[derive(Debug)]
pub struct Pages {
    tera: Tera,
}

/// A page could not be rendered: a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("a page could not be rendered")]
pub struct PageFailure(#[from] tera::Error);

impl Pages {
    /// Reads the embedded templates.
    ///
    /// # Errors
    ///
    /// When a template can't be parsed, or names an asset that is not there.
    pub fn new(public_url: &PublicUrl, assets: &Assets) -> Result<Self, PageFailure> {
        let mut tera = Tera::default();
        let sources: Vec<(String, String)> = Templates::iter()
            .filter_map(|name| {
                let file = Templates::get(&name)?;
                Some((name.into_owned(), with_asset_paths(&String::from_utf8_lossy(&file.data), assets)))
            })
            .collect();
        tera.add_raw_templates(sources)?;
        tera.global_context().insert("public_url", public_url.as_str());
        Ok(Self { tera })
    }

    /// The page of a comic.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn comic(&self, page: &ComicPage<'_>) -> Result<String, PageFailure> {
        self.render("comic.html", page)
    }

    /// The page of an error.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn error(&self, page: &ErrorPage<'_>) -> Result<String, PageFailure> {
        self.render("error.html", page)
    }

    /// A page of a template.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub(crate) fn render(&self, template: &str, page: &impl Serialize) -> Result<String, PageFailure> {
        Ok(self.tera.render(template, &Context::from_serialize(page)?)?)
    }
}

/// Replaces `asset:NAME` by the path of that asset. A name that is not there stays as it is, and a test
/// finds it.
fn with_asset_paths(template: &str, assets: &Assets) -> String {
    const MARK: &str = "asset:";
    let mut pieces = template.split(MARK);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find('"').unwrap_or(piece.len());
        let (name, rest) = piece.split_at(end);
        match assets.path_of(name) {
            Some(path) => text.push_str(path),
            None => text.extend([MARK, name]),
        }
        text.push_str(rest);
    }
    text
}

/// What the page of a comic shows.
#[expect(clippy::struct_excessive_bools, reason = "a template asks yes or no, and any of them may hold")]
#[derive(Debug, Serialize)]
pub struct ComicPage<'a> {
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
    views: Option<u64>,
    views_grouped: Option<String>,
    navigation: Navigation,
}

impl<'a> ComicPage<'a> {
    /// The page of a comic with the count that was stored, if one was.
    #[must_use]
    pub fn new(shown: &'a Sourced, navigation: Navigation, stand_in: bool, views: Option<ViewCount>) -> Self {
        let comic = shown.comic.as_ref();
        let (larger_image, link) = match &comic.link {
            Some(link) if link.is_image() => (Some(link.as_str()), None),
            link => (None, link.as_ref().map(xkcd_domain::comic::LinkUrl::as_str)),
        };
        Self {
            number: comic.number.get(),
            title: &comic.title,
            isolated_title: isolated(&comic.title),
            caption: comic.caption.as_deref(),
            transcript: comic.transcript.as_deref(),
            image: comic.image.as_ref().map(xkcd_domain::comic::ImageUrl::as_str),
            image_is_local: comic.image.as_ref().is_some_and(xkcd_domain::comic::ImageUrl::is_local),
            larger_image,
            link,
            interactive: comic.interactive,
            built_in: comic.number.is_built_in(),
            image_size: None,
            published: comic.published.map(Day::from),
            stale_since: shown.fetched_at.filter(|_| shown.stale).map(|at| at.date().into()),
            stand_in,
            views: views.map(ViewCount::get),
            views_grouped: views.map(|views| grouped(views.get())),
            navigation,
        }
    }

    /// The same page, with the size of its drawing if that is one of `assets`.
    #[must_use]
    pub fn sized_by(self, assets: &Assets) -> Self {
        let image_size = self.image.and_then(|path| assets.size_of(path));
        Self { image_size, ..self }
    }
}

/// A day as machines and as people write it.
#[derive(Debug, Serialize)]
struct Day {
    iso: String,
    text: String,
}

impl From<Date> for Day {
    fn from(day: Date) -> Self {
        Self { iso: day.to_string(), text: format!("{} {} {}", day.day(), day.month(), day.year()) }
    }
}

/// What the page of an error shows.
#[derive(Debug, Serialize)]
pub struct ErrorPage<'a> {
    /// The status code.
    pub status: u16,
    /// What happened, in a few words.
    pub title: &'a str,
    /// What to do about it.
    pub advice: &'a str,
    /// Under which id the log has the cause.
    pub request_id: &'a str,
    /// The comic that was asked for, to be seen on xkcd.com instead.
    pub on_xkcd: Option<u32>,
    /// Ways to go on.
    pub navigation: Navigation,
}

/// The path of a comic's page.
#[must_use]
pub fn comic_path(number: ComicNumber) -> String {
    format!("/{number}/")
}

/// A text that may turn the direction of writing, closed in so that what stands around it stays readable
/// (Unicode Standard Annex 9): attributes and the title of a window have no `<bdi>`.
fn isolated(text: &str) -> Cow<'_, str> {
    let turns = |letter: char| matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(turns) { Cow::Owned(format!("\u{2068}{text}\u{2069}")) } else { Cow::Borrowed(text) }
}

/// A number with its digits in groups of three, as English readers write it.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
