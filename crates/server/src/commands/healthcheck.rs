//! `healthcheck`: asks the instance on the listen address whether it is alive; for containers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::config::Config;

use super::CommandError;

const TIME_TO_ANSWER: Duration = Duration::from_secs(3);

pub(super) fn run(config: &Config) -> Result<(), CommandError> {
    let url = format!("http://{}/health/live", reachable(config.http.listen));
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIME_TO_ANSWER))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent();
    match agent.get(&url).call() {
        Ok(answer) if answer.status().as_u16() == 200 => Ok(()),
        Ok(answer) => Err(CommandError::Refused(format!("{url} answered {}", answer.status().as_u16()))),
        Err(error) => {
            let cause = io::Error::other(error);
            Err(CommandError::Io { doing: "the app does not answer on its listen address", cause })
        }
    }
}

/// An app that listens on all addresses is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
