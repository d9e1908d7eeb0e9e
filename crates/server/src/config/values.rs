//! What the value of a single setting may be.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use actix_web::http::Uri;
use actix_web::http::uri::Authority;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

pub(super) fn one_of<T: Copy>(text: &str, values: &[(&str, T)]) -> Result<T, String> {
    let found = values.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
        format!("expected {}", names.join(" or "))
    })
}

pub(super) fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8000")
}

pub(super) fn parse_folder(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() { Err("expected a folder") } else { Ok(text.into()) }
}

pub(super) fn parse_shutdown(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.map(Duration::from_secs).ok_or("expected seconds, from 1 to 3600")
}

/// A path of the Parameter Store: `/word/word/`, the slash at its end may be left out.
pub(super) fn parse_prefix(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected a path that begins with a slash, such as /xkcdapp/production/";
    let words = text.strip_prefix('/').ok_or(EXPECTED)?.trim_end_matches('/');
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    if words.split('/').all(is_word) { Ok(format!("/{words}/")) } else { Err(EXPECTED) }
}

/// The URL under which the upstream's documents are, without a slash at its end. What is fetched decides
/// what visitors see, so it has to come over TLS unless it never leaves the machine.
pub(super) fn parse_upstream(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected an https URL, such as https://xkcd.com";
    let uri: Uri = text.parse().map_err(|_| EXPECTED)?;
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let bare = uri.query().is_none() && !text.contains(['#', '@']) && port_is_fit(&uri);
    match uri.scheme_str() {
        Some("https") if bare && !host.is_empty() => {}
        Some("http") if bare && loopback => {}
        Some("http") if bare => return Err("plain http is accepted for loopback addresses only"),
        _ => return Err(EXPECTED),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// `Uri` takes a port that there can't be for none at all.
pub(super) fn port_is_fit(uri: &Uri) -> bool {
    let fit = |authority: &Authority| {
        authority.port_u16().is_some() || authority.as_str().ends_with(authority.host())
    };
    uri.authority().is_none_or(fit)
}

/// The file as it is; it has to hold certificates.
pub(super) fn read_certificates(path: &str) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(path)
        .map_err(|error| format!("expected a file in PEM form that can be read: {error}"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(pem),
        _ => Err("expected a file with certificates in PEM form".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_is_https_unless_it_is_this_machine() {
        for fit in ["https://xkcd.com/", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9/mirror/"]
        {
            assert!(parse_upstream(fit).is_ok_and(|url| !url.ends_with('/')), "{fit}");
        }
        for wrong in [
            "http://xkcd.com",
            "https://xkcd.com:99999",
            "http://127.0.0.1@evil.example",
            "ftp://xkcd.com",
            "xkcd.com",
            "https://a?b",
        ] {
            assert!(parse_upstream(wrong).is_err(), "{wrong}");
        }
    }
}
