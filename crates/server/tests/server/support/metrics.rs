use std::net::SocketAddr;

use super::Connection;

/// What an app measured, at one moment.
#[derive(Debug)]
pub(crate) struct Metrics(String);

impl Metrics {
    #[track_caller]
    pub(crate) fn of(address: SocketAddr) -> Self {
        let answer = Connection::open(address).unwrap().request("GET", "/metrics", &[]).unwrap();
        assert_eq!(answer.status, 200);
        Self(answer.text())
    }

    /// The value of a metric, by its name and labels.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> u64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.0)).parse().unwrap()
    }

    /// How many requests were answered with a status that begins with `digits`, to routes that `counts` takes.
    pub(crate) fn requests(&self, digits: &str, counts: impl Fn(&str) -> bool) -> u64 {
        let status = format!("status=\"{digits}");
        let lines = self.0.lines().filter(|line| line.starts_with("xkcdapp_http_requests_total{"));
        let lines = lines.filter(|line| line.contains(&status) && counts(line));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}
