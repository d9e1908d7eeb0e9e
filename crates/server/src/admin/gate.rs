//! What holds for everything under `/admin`.

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HOST, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::AdminError;
use crate::app::AppState;
use crate::config::{PublicUrl, names_this_machine};
use crate::error::AppError;

/// Where the admin site may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gate {
    /// Browsers use TLS.
    Open,
    /// They don't: only where nothing leaves the machine.
    OnThisMachine,
    /// They don't, and are elsewhere.
    Closed,
}

impl Gate {
    pub(super) fn new(public_url: &PublicUrl) -> Self {
        if public_url.is_https() {
            Self::Open
        } else if public_url.is_loopback() {
            Self::OnThisMachine
        } else {
            Self::Closed
        }
    }

    /// Without TLS a browser has to be on this machine, which the names say that it goes by; no browser elsewhere
    /// sends `localhost`. Programs can: from the internet they are refused by their address, unless a proxy is said
    /// to be in front, which is then whom we see. A container sees its host under a private address.
    fn lets_in(self, request: &ServiceRequest, trusted_proxies: u8) -> bool {
        let names_us = |host: Option<&str>| host.is_some_and(names_this_machine);
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let target = request.uri().authority().is_none_or(|it| names_us(Some(it.as_str())));
        let peer = request.peer_addr().is_some_and(|peer| is_near(peer.ip()));
        match self {
            Self::Open => true,
            Self::OnThisMachine => names_us(host) && target && (peer || trusted_proxies > 0),
            Self::Closed => false,
        }
    }
}

/// Whether an address is of this machine, or of a network that the internet does not reach.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Refuses where passwords would travel in the clear, and lets nobody keep a page.
pub(super) async fn keep(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !state.admin.gate.lets_in(&request, state.trusted_proxies) {
        return Ok(request.error_response(AppError::from(AdminError::NoTls)));
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn it_is_open_behind_tls_and_on_this_machine() {
        let gate = |url: &str| Gate::new(&url.parse().unwrap());
        assert_eq!(gate("https://a.example"), Gate::Open);
        for here in ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:1"] {
            assert_eq!(gate(here), Gate::OnThisMachine, "{here}");
        }
        for closed in ["http://a.example", "http://10.0.0.1", "http://localhost.example", "http://0.0.0.0"] {
            assert_eq!(gate(closed), Gate::Closed, "{closed}");
        }
    }

    fn lets_in(gate: Gate, host: &'static str, peer: &str, trusted_proxies: u8) -> bool {
        let peer = format!("{peer}:4711").parse().unwrap();
        let request = TestRequest::default().insert_header((HOST, host)).peer_addr(peer).to_srv_request();
        gate.lets_in(&request, trusted_proxies)
    }

    #[test]
    fn without_tls_both_the_name_and_the_address_are_of_this_machine_or_its_containers() {
        for peer in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "172.17.0.1", "[fd00::1]", "[fe80::1]"] {
            for host in ["localhost:8000", "LOCALHOST", "127.0.0.1", "[::1]:8000"] {
                assert!(lets_in(Gate::OnThisMachine, host, peer, 0), "{host} {peer}");
            }
            for host in ["a.example", "192.168.1.7:8000", "localhost.a.example", ""] {
                assert!(!lets_in(Gate::OnThisMachine, host, peer, 0), "{host} {peer}");
            }
            assert!(!lets_in(Gate::Closed, "localhost", peer, 1), "{peer}");
        }
        for peer in ["203.0.113.7", "[2001:db8::7]", "[::ffff:203.0.113.7]"] {
            assert!(!lets_in(Gate::OnThisMachine, "localhost", peer, 0), "{peer}");
            assert!(lets_in(Gate::OnThisMachine, "localhost", peer, 1), "{peer}");
            assert!(!lets_in(Gate::OnThisMachine, "a.example", peer, 1), "{peer}");
            assert!(lets_in(Gate::Open, "a.example", peer, 0), "{peer}");
        }
    }
}
