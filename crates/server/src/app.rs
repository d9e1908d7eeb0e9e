//! Routes and middleware, shared by the binary and the tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, FromRequest, Handler, Resource, Responder, body::MessageBody, guard, web};

use crate::admin::{self, Admin};
use crate::assets::{Assets, Document};
use crate::catalogue::Catalogue;
use crate::composition::Parts;
use crate::config::{AllowedHosts, PublicUrl};
use crate::counts::MostViewed;
use crate::deck_cookie::DeckCookie;
use crate::handlers::{api, comic, files, health, listings};
use crate::metrics::Metrics;
use crate::middleware::{SecurityHeaders, answer, edge};
use crate::pages::Pages;
use crate::shutdown::Traffic;

/// What requests share.
pub struct AppState {
    /// The parts that reach outside.
    pub parts: Arc<Parts>,
    /// What the admin site works with.
    pub admin: Admin,
    /// Renders pages.
    pub pages: Pages,
    /// Files that browsers load.
    pub assets: Assets,
    /// The page about the site, which never changes.
    pub about: Document,
    /// All comics at hand.
    pub catalogue: Catalogue,
    /// Reads counts for those who list them.
    pub counts: MostViewed,
    /// Under which URL browsers know the app.
    pub public_url: PublicUrl,
    /// For which hosts it answers.
    pub allowed_hosts: AllowedHosts,
    /// How many proxies stand in front.
    pub trusted_proxies: u8,
    /// Brings visitors' decks back.
    pub deck_cookie: DeckCookie,
    /// On every answer.
    pub security_headers: SecurityHeaders,
    /// What is measured.
    pub metrics: Metrics,
    /// Who is being served.
    pub traffic: Traffic,
    /// Whether the app is about to end.
    pub draining: AtomicBool,
}

impl AppState {
    /// Whether the app is about to end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// The app: what a worker serves.
pub fn app(
    state: web::Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    // What is wrapped last is outermost: whatever compression makes of a request passes the edge.
    App::new()
        .app_data(state)
        .configure(routes)
        .wrap(from_fn(answer))
        .wrap(Compress::default())
        .wrap(from_fn(edge))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(read("/", "/", comic::random))
        .service(read("/{number:[0-9]+}/", "/{number}/", comic::by_number))
        .service(read("/{number:[0-9]+}", "/{number}", comic::without_slash))
        .service(read("/popular/", "/popular/", listings::popular))
        .service(read("/archive/", "/archive/", listings::archive))
        .service(read("/search/", "/search/", listings::search))
        .service(read("/about/", "/about/", listings::about))
        .service(read("/feed.xml", "/feed.xml", listings::feed))
        .service(api::preflight())
        .service(read("/api/comics/random", "/api/comics/random", api::random))
        .service(read("/api/comics/{number}", "/api/comics/{number}", api::by_number))
        .service(read("/api/popular", "/api/popular", api::popular))
        .service(read("/api/openapi.json", "/api/openapi.json", api::description))
        .service(read("/health/live", "/health/live", health::live))
        .service(read("/health/ready", "/health/ready", health::ready))
        .service(read("/version", "/version", health::version))
        .service(read("/robots.txt", "/robots.txt", files::robots))
        .service(read("/favicon.ico", "/favicon.ico", files::favicon))
        .service(read("/static/{name:.+}", "/static/{name}", files::asset))
        .configure(admin::routes)
        .default_service(web::to(files::nothing));
}

/// A resource to read, under the name that logs and metrics call it by. What answers GET answers HEAD as well:
/// the framework sends the same answer without its body.
pub(crate) fn read<F, Args>(pattern: &str, name: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder>,
    Args: FromRequest + 'static,
{
    let get_or_head = guard::Any(guard::Get()).or(guard::Head());
    web::resource(pattern).name(name).route(web::route().guard(get_or_head).to(handler))
}
