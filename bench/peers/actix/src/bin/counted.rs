//! The least that a page with an exact, durable count can cost: bare actix-web's 2.5 KB, the app's counter, and its
//! number in the page. No cookie, no log, no metrics, no headers, no faults.
//!
//! `counted ADDRESS` counts in the database that `DATABASE_…` name, `counted ADDRESS FOLDER` in an SQLite file there.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::error::ErrorServiceUnavailable;
use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::runtime::{Builder, Runtime};
use xkcd_adapters_local::{SqliteConfig, SqliteStore, SqliteViewCounter};
use xkcd_bench_actix::postgres_counter;
use xkcd_domain::comic::{ComicNumber, ComicRange};
use xkcd_domain::deck::Deck;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_domain::views::WriterId;
use xkcd_group_commit::{Counted, GroupCommit, GroupCommitConfig};

const COMICS: u32 = 3280;
const LONGEST_WAIT: Duration = Duration::from_secs(1);
static BODY: [u8; 2560] = [b'x'; 2560];

struct Site {
    views: GroupCommit,
    visits: AtomicU64,
    range: ComicRange,
}

async fn page(site: web::Data<Site>) -> actix_web::Result<HttpResponse> {
    // Each is a first visit, as all of the app's are here: a deck of its own, and its first comic.
    let mut deck = Deck::shuffled(site.visits.fetch_add(1, Ordering::Relaxed), site.range);
    let comic = deck.deal().unwrap_or(ComicNumber::ONE);
    match site.views.count(comic, Instant::now() + LONGEST_WAIT).await {
        Ok(Counted::Stored(views)) => {
            let mut body = BODY.to_vec();
            body.extend_from_slice(views.get().to_string().as_bytes());
            Ok(HttpResponse::Ok().content_type(ContentType::html()).body(body))
        }
        late => Err(ErrorServiceUnavailable(format!("{late:?}"))),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: counted ADDRESS [FOLDER]")?;
    // As in the app, one thread drives what reaches outside.
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let counter: Arc<dyn ViewCounter> = match arguments.next() {
        Some(folder) => Arc::new(SqliteViewCounter::new(SqliteStore::open(&SqliteConfig::new(folder))?)),
        None => outside.block_on(postgres_counter(outside.handle()))?,
    };
    serve(&address, counter, &outside)
}

fn serve(address: &str, counter: Arc<dyn ViewCounter>, outside: &Runtime) -> Result<(), Box<dyn Error>> {
    let inside = outside.enter();
    let writer = WriterId::from_random(std::process::id().into());
    let views = GroupCommit::start(counter, writer, GroupCommitConfig::default());
    drop(inside);
    let range = ComicRange::new(ComicNumber::ONE, COMICS.try_into()?).ok_or("no comics")?;
    let site = web::Data::new(Site { views, visits: AtomicU64::new(0), range });
    actix_web::rt::System::new().block_on(
        HttpServer::new(move || App::new().app_data(site.clone()).route("/", web::get().to(page)))
            .bind(address)?
            .run(),
    )?;
    Ok(())
}
