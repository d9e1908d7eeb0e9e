//! All comics at hand, and what is made of all of them: remade when one changes, not at each visit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use actix_web::web;
use actix_web::web::Bytes;
use tokio::sync::OnceCell;
use xkcd_domain::comic::{Comic, ComicRange};
use xkcd_domain::ports::comic_source::ComicSource;
use xkcd_domain::search::{Query, SearchIndex};
use xkcd_domain::show_comic::ShowComic;

use crate::app::AppState;
use crate::assets::Document;
use crate::error::AppError;
use crate::pages::{ArchivePage, FeedPage, HTML, PageFailure};

/// Holds the latest edition.
#[derive(Debug, Default)]
pub struct Catalogue(Mutex<Option<Arc<Edition>>>);

/// The comics at one moment. What is made of them is made once, when it is first asked for.
#[derive(Debug)]
pub struct Edition {
    comics: Arc<[Arc<Comic>]>,
    /// The comics that there are, at hand or not, as far as that is known.
    range: Option<ComicRange>,
    /// Whether they are those that come with the app, because none of the source's is at hand.
    stand_in: bool,
    index: OnceCell<SearchIndex>,
    archive: OnceCell<Document>,
    feed: OnceCell<Document>,
}

impl Catalogue {
    /// The edition of the comics that are in memory now; of the built-in ones while no other is.
    pub async fn edition(&self, show_comic: &ShowComic) -> Arc<Edition> {
        let source = show_comic.main_source();
        let (comics, range) = at_hand(source).await;
        let (comics, range, stand_in) = if comics.is_empty() {
            let (comics, range) = at_hand(show_comic.built_in()).await;
            (comics, range, true)
        } else {
            (comics, range, false)
        };
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(latest) = &*latest
            && Arc::ptr_eq(&latest.comics, &comics)
            && latest.range == range
        {
            return Arc::clone(latest);
        }
        let edition = Edition {
            comics,
            range,
            stand_in,
            index: OnceCell::new(),
            archive: OnceCell::new(),
            feed: OnceCell::new(),
        };
        Arc::clone(latest.insert(Arc::new(edition)))
    }
}

/// The comics in memory, and which there are as far as that is known. Waits for nothing.
async fn at_hand(source: &dyn ComicSource) -> (Arc<[Arc<Comic>]>, Option<ComicRange>) {
    let comics = source.all_in_memory();
    (comics, source.range(Instant::now()).await.ok())
}

impl Edition {
    /// Finds comics.
    ///
    /// # Errors
    ///
    /// When the app is about to end.
    pub async fn search(self: &Arc<Self>, query: Query) -> Result<Vec<Arc<Comic>>, AppError> {
        let edition = Arc::clone(self);
        self.index.get_or_try_init(|| on_a_thread(move || Ok(SearchIndex::new(&edition.comics)))).await?;
        let edition = Arc::clone(self);
        let find = move || Ok(edition.index.get().map(|index| index.find(&query)).unwrap_or_default());
        on_a_thread(find).await
    }

    /// The page of all comics.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    pub async fn archive(self: &Arc<Self>, state: &web::Data<AppState>) -> Result<&Document, AppError> {
        self.made(&self.archive, state, HTML, |edition, state| {
            let known = edition.range.map_or(0, |range| range.len() as usize);
            state.pages.archive(&ArchivePage::new(&edition.comics, known, edition.stand_in))
        })
        .await
    }

    /// The feed of the newest comics.
    ///
    /// # Errors
    ///
    /// When the newest are not known, and when it can't be made. Comics that stand in are none: whoever reads
    /// the feed would keep them for ever.
    pub async fn feed(self: &Arc<Self>, state: &web::Data<AppState>) -> Result<&Document, AppError> {
        if self.stand_in {
            return Err(AppError::NewestUnknown);
        }
        self.made(&self.feed, state, "application/atom+xml; charset=utf-8", |edition, state| {
            state.pages.feed(&FeedPage::new(&edition.comics, edition.range))
        })
        .await
    }

    async fn made<'a>(
        self: &'a Arc<Self>,
        place: &'a OnceCell<Document>,
        state: &web::Data<AppState>,
        content_type: &'static str,
        render: impl FnOnce(&Self, &AppState) -> Result<String, PageFailure> + Send + 'static,
    ) -> Result<&'a Document, AppError> {
        let make = || {
            let (edition, state) = (Arc::clone(self), state.clone());
            on_a_thread(move || Ok(Document::new(content_type, Bytes::from(render(&edition, &state)?))))
        };
        place.get_or_try_init(make).await
    }
}

/// Work over thousands of comics takes milliseconds, in which a worker could not answer anybody else.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    web::block(work).await.map_err(AppError::Blocked)?
}
