//! The pages: a typed context each, rendered by tera from embedded templates.

mod comic_frames;
mod comic_page;
mod error_page;
mod listings;
mod split_gzip;

use std::borrow::Cow;

use actix_web::web::Bytes;
use rust_embed::RustEmbed;
use serde::Serialize;
use tera::{Context, Tera};
use time::Date;
use xkcd_domain::comic::ComicNumber;
use xkcd_domain::views::ViewCount;

use crate::assets::Assets;
use crate::config::PublicUrl;
use comic_frames::ComicFrames;
pub use comic_frames::Encoding;
use comic_page::ComicPage;
pub use comic_page::Encounter;
pub use error_page::ErrorPage;
pub use listings::{ArchivePage, FeedPage, FoundComic, PopularPage, SearchPage};

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// What pages are.
pub const HTML: &str = "text/html; charset=utf-8";

/// Renders pages.
#[derive(Debug)]
pub struct Pages {
    tera: Tera,
    comics: ComicFrames,
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
        Ok(Self { tera, comics: ComicFrames::default() })
    }

    /// The page of a comic with the count that was stored, if that is known.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn comic(
        &self,
        encounter: &Encounter,
        assets: &Assets,
        views: Option<ViewCount>,
        encoding: Encoding,
    ) -> Result<Bytes, PageFailure> {
        let render = || self.render("comic.html", &ComicPage::new(encounter, assets));
        self.comics.page(encounter, views, encoding, render)
    }

    /// The page of an error.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn error(&self, page: &ErrorPage<'_>) -> Result<String, PageFailure> {
        self.render("error.html", page)
    }

    /// The most viewed comics.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn popular(&self, page: &PopularPage<'_>) -> Result<String, PageFailure> {
        self.render("popular.html", page)
    }

    /// All comics.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn archive(&self, page: &ArchivePage<'_>) -> Result<String, PageFailure> {
        self.render("archive.html", page)
    }

    /// The search form and what it found.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn search(&self, page: &SearchPage<'_>) -> Result<String, PageFailure> {
        self.render("search.html", page)
    }

    /// What the site is.
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn about(&self) -> Result<String, PageFailure> {
        Ok(self.tera.render("about.html", &Context::new())?)
    }

    /// The newest comics as an Atom feed (RFC 4287).
    ///
    /// # Errors
    ///
    /// When the template fails.
    pub fn feed(&self, page: &FeedPage<'_>) -> Result<String, PageFailure> {
        self.render("feed.xml", page)
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
