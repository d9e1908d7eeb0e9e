//! Pages of the admin site: a frame that says who is there, around a typed context.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use super::{SignedIn, form_tokens};
use crate::app::AppState;
use crate::error::AppError;
use crate::pages::HTML;

/// A form that was open for too long, or was opened before somebody signed in anew.
pub(super) const STALE: &str =
    "This page was too old to be sent, so nothing was done. Check it, and send it again.";

/// A page for somebody who is signed in.
pub(crate) struct Page<'a> {
    template: &'static str,
    status: StatusCode,
    site: Site<'a>,
}

/// What is around every page.
#[derive(Serialize)]
struct Site<'a> {
    username: &'a str,
    superuser: bool,
    csrf_token: String,
    section: &'static str,
    notice: Option<&'static str>,
    problem: Option<&'a str>,
}

#[derive(Serialize)]
struct Framed<'a, P> {
    site: Site<'a>,
    page: &'a P,
}

impl<'a> Page<'a> {
    /// A page of a section, for somebody.
    pub(super) fn of(section: &'static str, template: &'static str, who: &'a impl AsRef<SignedIn>) -> Self {
        let who = who.as_ref();
        let site = Site {
            username: who.username().as_str(),
            superuser: who.is_superuser(),
            csrf_token: form_tokens::mask(who.form_token()),
            section,
            notice: None,
            problem: None,
        };
        Self { template, status: StatusCode::OK, site }
    }

    /// Says what went well.
    pub(super) fn notice(mut self, notice: Option<&'static str>) -> Self {
        self.site.notice = notice;
        self
    }

    /// Says what went wrong.
    pub(super) fn problem(mut self, problem: Option<(StatusCode, &'a str)>) -> Self {
        if let Some((status, words)) = problem {
            self.status = status;
            self.site.problem = Some(words);
        }
        self
    }

    /// The answer.
    pub(super) fn render(self, state: &AppState, page: &impl Serialize) -> Result<HttpResponse, AppError> {
        let html = state.pages.render(self.template, &Framed { site: self.site, page })?;
        Ok(HttpResponse::build(self.status).content_type(HTML).body(html))
    }
}

/// A page for somebody who is not signed in.
pub(super) fn for_anybody(
    state: &AppState,
    template: &str,
    status: StatusCode,
    page: &impl Serialize,
) -> Result<HttpResponse, AppError> {
    let html = state.pages.render(template, page)?;
    Ok(HttpResponse::build(status).content_type(HTML).body(html))
}

/// Leads to another page, which is then asked for with GET.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, path)).finish()
}

/// What was just done, as the next page says it: its address names one of these, so that nothing a client sends
/// is said in the site's name.
pub(super) fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "added" => "The row was added.",
        "changed" => "The count was changed.",
        "unchanged" => "The count was as you wanted it already.",
        "reset" => "The counts were reset.",
        "deleted" => "The rows were deleted.",
        "nothing" => "No row was selected.",
        "password" => "Your password was changed, and your other sessions were ended.",
        "password-anew" => "Your password was changed; sign in with it.",
        "nothing-sent" => {
            "Your session had ended, so what you sent was not done. Sign in, and send it again."
        }
        "account" => "The account was changed, and its sessions were ended.",
        _ => return None,
    })
}
