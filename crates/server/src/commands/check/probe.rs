//! `check --url`: asks a running instance as a stranger would. Nothing is counted: a page is asked for by HEAD.

use std::sync::Arc;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};
use xkcd_domain::error_chain::Chain;

use super::{Finding, PublicUrl};

const TIME_TO_ANSWER: Duration = Duration::from_secs(5);
/// A host that is nobody's, and never will be.
const FOREIGN_HOST: &str = "stranger.invalid";
/// Header, and what its value has to have in it.
const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "private"),
];

/// The findings of a probe.
pub(super) fn findings(url: &PublicUrl) -> Vec<Finding> {
    let agent = agent();
    let mut findings = vec![health(&agent, url, "/health/live"), health(&agent, url, "/health/ready")];
    match agent.head(format!("{url}/")).call() {
        Ok(page) => findings.push(headers(page.headers(), url)),
        Err(error) => findings.push(Finding::Failed("page", Chain(&error).to_string())),
    }
    // A page that is asked for by HEAD sets no cookie; the sign-in form sets one and stores nothing.
    match agent.get(format!("{url}/admin/login/")).call() {
        Ok(form) => findings.push(cookies(form.headers(), url)),
        Err(error) => findings.push(Finding::Failed("cookies", Chain(&error).to_string())),
    }
    findings.push(foreign_host(&agent, url));
    findings
}

fn agent() -> Agent {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).build();
    Agent::config_builder()
        .timeout_global(Some(TIME_TO_ANSWER))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .tls_config(tls)
        .build()
        .new_agent()
}

fn health(agent: &Agent, url: &PublicUrl, path: &str) -> Finding {
    judged("health", agent.get(format!("{url}{path}")).call(), |answer| {
        if answer.status() == 200 {
            Ok(format!("{path} answers 200"))
        } else {
            Err(format!("{path} answers {}", answer.status().as_u16()))
        }
    })
}

fn headers(headers: &HeaderMap, url: &PublicUrl) -> Finding {
    let says = |name: &str, text: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(text))
    };
    let mut wrong: Vec<_> =
        HEADERS.iter().filter(|(name, text)| !says(name, text)).map(|(name, _)| *name).collect();
    if says("content-security-policy", "'unsafe-") {
        wrong.push("content-security-policy");
    }
    if url.is_https() && !says("strict-transport-security", "max-age=") {
        wrong.push("strict-transport-security");
    }
    if wrong.is_empty() {
        Finding::Fine("headers", "a page tells browsers to be strict".to_owned())
    } else {
        Finding::Failed("headers", format!("missing or weak: {}", wrong.join(", ")))
    }
}

fn cookies(headers: &HeaderMap, url: &PublicUrl) -> Finding {
    let mut count = 0;
    for cookie in headers.get_all("set-cookie") {
        count += 1;
        let text = cookie.to_str().unwrap_or_default();
        let attributes: Vec<_> = text.split(';').skip(1).map(str::trim).collect();
        let has = |wanted: &str| attributes.iter().any(|it| it.eq_ignore_ascii_case(wanted));
        if !has("HttpOnly")
            || !(has("SameSite=Lax") || has("SameSite=Strict"))
            || url.is_https() != has("Secure")
        {
            let name = text.split('=').next().unwrap_or_default();
            let what = "lacks HttpOnly, SameSite, or Secure behind https";
            return Finding::Failed("cookies", format!("{name} {what}"));
        }
    }
    if count == 0 {
        return Finding::Failed(
            "cookies",
            "the sign-in form sets none: is it the app that answers?".to_owned(),
        );
    }
    Finding::Fine("cookies", "HttpOnly, SameSite, and Secure behind https".to_owned())
}

fn foreign_host(agent: &Agent, url: &PublicUrl) -> Finding {
    let answer = agent.head(format!("{url}/")).header("host", FOREIGN_HOST).call();
    judged("hosts", answer, |answer| match answer.status().as_u16() {
        400 => Ok("a request for a foreign host is refused".to_owned()),
        status => Err(format!("a request for a foreign host answers {status}: see XKCDAPP_ALLOWED_HOSTS")),
    })
}

fn judged(
    part: &'static str,
    answer: Result<Response<Body>, ureq::Error>,
    judge: impl FnOnce(&Response<Body>) -> Result<String, String>,
) -> Finding {
    match answer.map(|answer| judge(&answer)) {
        Ok(Ok(fine)) => Finding::Fine(part, fine),
        Ok(Err(wrong)) => Finding::Failed(part, wrong),
        Err(error) => Finding::Failed(part, Chain(&error).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn is_fine(finding: &Finding) -> bool {
        matches!(finding, Finding::Fine(..))
    }

    #[test]
    fn a_header_that_is_missing_or_weak_is_told() {
        let url: PublicUrl = "https://xkcd.example.org".parse().unwrap();
        let mut good: Vec<_> = HEADERS.to_vec();
        good.push(("strict-transport-security", "max-age=1"));
        assert!(is_fine(&headers(&headers_of(&good), &url)));
        for missing in 0..good.len() {
            let mut pairs = good.clone();
            let (name, _) = pairs.remove(missing);
            let told = headers(&headers_of(&pairs), &url).to_string();
            assert!(told.starts_with("FAILED") && told.contains(name), "{told}");
        }
        good[0].1 = "script-src 'unsafe-inline'; frame-ancestors 'none'";
        assert!(!is_fine(&headers(&headers_of(&good), &url)));
    }

    #[test]
    fn a_cookie_that_is_not_strict_is_told_by_name_alone() {
        let url: PublicUrl = "https://xkcd.example.org".parse().unwrap();
        let told = |cookie| cookies(&headers_of(&[("set-cookie", cookie)]), &url).to_string();
        assert!(told("deck=1; HttpOnly; SameSite=Lax; Secure").starts_with("ok"));
        assert!(!is_fine(&cookies(&HeaderMap::new(), &url)));
        for wrong in
            ["deck=1; SameSite=Lax; Secure", "deck=1; HttpOnly; Secure", "deck=1; HttpOnly; SameSite=Lax"]
        {
            assert!(told(wrong).starts_with("FAILED   cookies: deck lacks"), "{}", told(wrong));
        }
    }
}
