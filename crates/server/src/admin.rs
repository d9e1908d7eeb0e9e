//! The admin site: who may see and correct the counts, and who did.
//!
//! Pages are made for somebody: `Page` wants a `SignedIn`, which only a valid session gives, and what changes
//! anything wants a `Superuser` and a form that passed its checks (`Submitted`). So a handler that forgets to ask
//! who is there has nothing to answer with.

mod accounts;
mod comics;
mod cookies;
mod dashboard;
pub mod error;
mod form;
mod form_tokens;
mod gate;
mod history;
mod local_path;
mod origin;
mod own_password;
mod pages;
pub(crate) mod password_rules;
pub mod passwords;
mod sign_in;
mod signed_in;
mod titles;

use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, Resource, Responder, web};
use xkcd_domain::session::SessionPolicy;

use crate::app::read;
use crate::composition::AdminPorts;
use crate::config::PublicUrl;
use crate::fields::Fields;
use crate::handlers::files;
use cookies::Cookies;
use dashboard::LatestSpread;
pub use error::AdminError;
use form::{Stale, Submitted};
use form_tokens::FormTokens;
use gate::Gate;
use passwords::Passwords;
use signed_in::{SentFrom, SignedIn, Superuser};

/// An admin who does nothing for an hour, or works for half a day, signs in again.
pub const SESSION_POLICY: SessionPolicy =
    SessionPolicy { idle: Duration::from_hours(1), absolute: Duration::from_hours(12) };

/// Where who is signed in begins.
const HOME: &str = "/admin/";

/// What the admin site works with.
pub struct Admin {
    ports: AdminPorts,
    passwords: Passwords,
    cookies: Cookies,
    form_tokens: FormTokens,
    gate: Gate,
    spread: LatestSpread,
}

impl Admin {
    /// The admin site under a URL, on these ports. `key` signs the forms of those who are not signed in.
    #[must_use]
    pub fn new(ports: AdminPorts, public_url: &PublicUrl, key: &str) -> Self {
        Self {
            ports,
            passwords: Passwords::start(),
            cookies: Cookies::new(public_url),
            form_tokens: FormTokens::new(key),
            gate: Gate::new(public_url),
            spread: LatestSpread::default(),
        }
    }
}

/// All routes under `/admin`.
pub fn routes(config: &mut web::ServiceConfig) {
    let home = web::redirect("", HOME).permanent();
    let scope = web::scope("/admin")
        .wrap(from_fn(gate::keep))
        .service(home)
        .service(read("/", "/admin/", dashboard::show))
        .service(both("/login/", "/admin/login/", sign_in::form, sign_in::sign_in))
        .service(write("/logout/", "/admin/logout/", HOME, sign_in::sign_out))
        .service(both("/password/", "/admin/password/", own_password::form, own_password::change))
        .service(read("/comics/", "/admin/comics/", comics::list::show))
        .service(read("/comics/export.csv", "/admin/comics/export.csv", comics::export::csv))
        .service(both("/comics/add/", "/admin/comics/add/", comics::add::form, comics::add::add))
        .service(write("/comics/bulk/", "/admin/comics/bulk/", comics::LIST, comics::bulk::act))
        .service(both(
            "/comics/{number}/",
            "/admin/comics/{number}/",
            comics::change::form,
            comics::change::change,
        ))
        .service(read("/history/", "/admin/history/", history::show))
        .service(both("/accounts/", "/admin/accounts/", accounts::show, accounts::change))
        .default_service(web::to(files::nothing));
    config.service(scope);
}

/// A resource to post to, from a page that is elsewhere.
fn write<F, A>(pattern: &str, name: &str, sent_from: &'static str, post: F) -> Resource
where
    F: Handler<A, Output: Responder>,
    A: FromRequest + 'static,
{
    web::resource(pattern).name(name).app_data(SentFrom(sent_from)).route(web::post().to(post))
}

/// A form, and what becomes of it.
fn both<F, A, G, B>(pattern: &str, name: &str, get: F, post: G) -> Resource
where
    F: Handler<A, Output: Responder>,
    A: FromRequest + 'static,
    G: Handler<B, Output: Responder>,
    B: FromRequest + 'static,
{
    read(pattern, name, get).route(web::post().to(post))
}
