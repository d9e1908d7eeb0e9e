//! How many file descriptors are taken, and how many there are: a connection that finds none has to wait.

use std::{fmt, fs, io};

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

/// Nothing where the system does not tell.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
    let Ok((open, limit)) = open().and_then(|open| Ok((open, limit()?))) else { return Ok(()) };
    let mut gauge = |name, help, value| {
        ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
    };
    gauge("open_files", "File descriptors in use, connections among them", open)?;
    gauge("open_files_limit", "File descriptors that the process may have", limit)
}

fn open() -> io::Result<i64> {
    Ok(fs::read_dir("/proc/self/fd")?.count().try_into().unwrap_or(i64::MAX))
}

/// The soft limit, which is the one that holds.
fn limit() -> io::Result<i64> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).ok_or(io::ErrorKind::InvalidData)?;
    // What is no number is `unlimited`.
    Ok(soft.parse().unwrap_or(i64::MAX))
}
