//! actix-web and tera: a page like the app's is rendered for every request, and nothing is read or stored.
//!
//! `rendered ADDRESS` listens there.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};
use tera::{Context, Tera};

const COMICS: u64 = 3280;
/// Coprime with the number of comics, so that each has its turn.
const STEP: u64 = 1009;

struct Site {
    tera: Tera,
    visits: AtomicU64,
}

async fn page(site: web::Data<Site>) -> actix_web::Result<HttpResponse> {
    let visits = site.visits.fetch_add(1, Ordering::Relaxed);
    let number = visits * STEP % COMICS + 1;
    let mut context = Context::new();
    context.insert("number", &number);
    context.insert("title", &format!("A comic & its number, {number}"));
    context.insert("caption", "A caption of the usual length, which says what the picture only hints at.");
    context.insert("views", &visits);
    let body = site.tera.render("page.html", &context).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(body))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).ok_or_else(|| std::io::Error::other("usage: rendered ADDRESS"))?;
    let mut tera = Tera::default();
    tera.add_raw_templates([("page.html", include_str!("../../templates/page.html"))])
        .map_err(std::io::Error::other)?;
    let site = web::Data::new(Site { tera, visits: AtomicU64::new(0) });
    HttpServer::new(move || App::new().app_data(site.clone()).route("/", web::get().to(page)))
        .bind(address)?
        .run()
        .await
}
