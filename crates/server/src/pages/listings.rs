//! Pages that list comics.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;
use xkcd_domain::comic::{Comic, ComicNumber, ComicRange, ImageUrl};
use xkcd_domain::text::is_fit;
use xkcd_domain::views::ViewCount;

use super::{Day, grouped, isolated};

/// What the page of the most viewed comics shows.
#[derive(Debug, Serialize)]
pub struct PopularPage<'a> {
    comics: Vec<RankedComic<'a>>,
    /// Since when the counts could not be read again, if they can't be.
    stale_since: Option<Moment>,
}

#[derive(Debug, Serialize)]
struct RankedComic<'a> {
    number: u32,
    /// None of a comic that is not in memory.
    title: Option<&'a str>,
    views: u64,
    views_grouped: String,
    /// The length of its bar, in per cent of the longest, with one decimal.
    share: String,
}

impl<'a> PopularPage<'a> {
    /// The page of comics in the order of their views, most first.
    #[must_use]
    pub fn new(
        ranked: &'a [(ComicNumber, ViewCount, Option<Arc<Comic>>)],
        stale_since: Option<OffsetDateTime>,
    ) -> Self {
        let most = ranked.first().map_or(1, |(_, views, _)| views.get().max(1));
        let comic = |(number, views, comic): &'a (ComicNumber, ViewCount, Option<Arc<Comic>>)| RankedComic {
            number: number.get(),
            title: comic.as_ref().map(|comic| comic.title.as_str()),
            views: views.get(),
            views_grouped: grouped(views.get()),
            share: share(views.get(), most),
        };
        Self { comics: ranked.iter().map(comic).collect(), stale_since: stale_since.map(Moment::from) }
    }
}

/// A part of a whole in per cent with one decimal, never so small that a bar could not be seen.
fn share(part: u64, whole: u64) -> String {
    let per_mille = (u128::from(part) * 1_000 / u128::from(whole)).clamp(2, 1_000);
    format!("{}.{}", per_mille / 10, per_mille % 10)
}

/// A moment as machines and as people write it: UTC, to the minute.
#[derive(Debug, Serialize)]
struct Moment {
    iso: String,
    text: String,
}

impl From<OffsetDateTime> for Moment {
    fn from(at: OffsetDateTime) -> Self {
        let at = at.to_utc();
        let (hour, minute) = (at.hour(), at.minute());
        let Day { iso, text } = at.date().into();
        Self {
            iso: format!("{iso}T{hour:02}:{minute:02}Z"),
            text: format!("{text}, {hour:02}:{minute:02} UTC"),
        }
    }
}

/// What the archive shows: all comics by year, newest first.
#[derive(Debug, Serialize)]
pub struct ArchivePage<'a> {
    years: Vec<Year<'a>>,
    listed: String,
    /// How many there are, when not all of them are at hand yet.
    known: Option<String>,
    stand_in: bool,
}

#[derive(Debug, Serialize)]
struct Year<'a> {
    /// None where no comic's day is known.
    year: Option<i32>,
    comics: Vec<ListedComic<'a>>,
}

#[derive(Debug, Serialize)]
struct ListedComic<'a> {
    number: u32,
    title: &'a str,
}

impl<'a> ArchivePage<'a> {
    /// The page of `comics` in ascending order, `known` of which there are.
    #[must_use]
    pub fn new(comics: &'a [Arc<Comic>], known: usize, stand_in: bool) -> Self {
        // A comic whose day is not known came out when its neighbours did: in the year of the one after it, the
        // newest in that of the one before.
        let dated = comics.iter().rev().find_map(|comic| comic.published);
        let mut year = dated.map(time::Date::year);
        let mut years: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for comic in comics.iter().rev() {
            year = comic.published.map(time::Date::year).or(year);
            let listed = ListedComic { number: comic.number.get(), title: &comic.title };
            years.entry(year).or_default().push(listed);
        }
        let years = years.into_iter().rev().map(|(year, comics)| Year { year, comics }).collect();
        let text = |number: usize| grouped(number.try_into().unwrap_or(u64::MAX));
        Self {
            years,
            listed: text(comics.len()),
            known: Some(known).filter(|known| *known > comics.len()).map(text),
            stand_in,
        }
    }
}

/// What the search page shows.
#[derive(Debug, Default, Serialize)]
pub struct SearchPage<'a> {
    /// What was asked for.
    pub query: &'a str,
    /// How many characters it may have, when it has more.
    pub longest: Option<usize>,
    /// How many different words are looked for, when there were more.
    pub most_words: Option<usize>,
    /// How many comics were found; none when nothing was asked for.
    pub found: Option<usize>,
    /// Those on this page.
    pub comics: Vec<FoundComic<'a>>,
    /// The page before this one.
    pub previous: Option<String>,
    /// The page after this one.
    pub next: Option<String>,
}

/// A comic that was found.
#[derive(Debug, Serialize)]
pub struct FoundComic<'a> {
    number: u32,
    title: &'a str,
    caption: Option<&'a str>,
    published: Option<Day>,
}

impl<'a> From<&'a Comic> for FoundComic<'a> {
    fn from(comic: &'a Comic) -> Self {
        Self {
            number: comic.number.get(),
            title: &comic.title,
            caption: comic.caption.as_deref(),
            published: comic.published.map(Day::from),
        }
    }
}

/// What the feed holds.
#[derive(Debug, Serialize)]
pub struct FeedPage<'a> {
    /// When the newest came out.
    updated: String,
    comics: Vec<FeedComic<'a>>,
}

#[derive(Debug, Serialize)]
struct FeedComic<'a> {
    number: u32,
    title: String,
    caption: Option<Cow<'a, str>>,
    image: Option<&'a str>,
    image_is_local: bool,
    built_in: bool,
    published: String,
}

impl<'a> FeedPage<'a> {
    const COMICS: u32 = 20;

    /// The feed of the newest comics of `range` that are among `comics`, which are in ascending order. Others are
    /// left out, however few that leaves: what is old is no news on the day it is collected. So are those whose
    /// day is not known, since an entry must have one.
    #[must_use]
    pub fn new(comics: &'a [Arc<Comic>], range: Option<ComicRange>) -> Self {
        let newest = range.map(ComicRange::newest).or(comics.last().map(|comic| comic.number));
        let since = newest.map_or(0, |newest| newest.get().saturating_sub(Self::COMICS));
        let comic = |comic: &'a Arc<Comic>| {
            Some(FeedComic {
                number: comic.number.get(),
                title: isolated(&fit(&comic.title)).into_owned(),
                caption: comic.caption.as_deref().map(fit),
                image: comic.image.as_ref().map(ImageUrl::as_str),
                image_is_local: comic.image.as_ref().is_some_and(ImageUrl::is_local),
                built_in: comic.number.is_built_in(),
                published: format!("{}T00:00:00Z", comic.published?),
            })
        };
        let newest = comics.iter().rev().take_while(|comic| comic.number.get() > since);
        let comics: Vec<_> = newest.filter_map(comic).collect();
        let updated = comics.iter().map(|comic| comic.published.as_str()).max();
        Self { updated: updated.unwrap_or("1970-01-01T00:00:00Z").to_owned(), comics }
    }
}

/// A text without what no XML can hold. Documents are read so; an archive may be older than that rule.
fn fit(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_fit) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|letter| is_fit(*letter)).collect())
    }
}
