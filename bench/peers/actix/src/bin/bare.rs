//! actix-web and nothing else: every request gets the same 2.5 KB. No page can be served faster with it.
//!
//! `bare ADDRESS` listens there.

use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};

static BODY: [u8; 2560] = [b'x'; 2560];

async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(web::Bytes::from_static(&BODY))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).ok_or_else(|| std::io::Error::other("usage: bare ADDRESS"))?;
    HttpServer::new(|| App::new().route("/", web::get().to(page))).bind(address)?.run().await
}
