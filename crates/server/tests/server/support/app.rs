use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::output::{Output, log_line};
use super::{Answer, Connection, Ended, Metrics, eventually};

/// A running app; killed when it is dropped.
pub(crate) struct App {
    /// `None` once it has ended.
    child: Option<Child>,
    /// `None` while nobody reads it.
    output: Option<Output>,
    /// Where it keeps the key that it made.
    key: PathBuf,
    pub(crate) address: SocketAddr,
    /// From its start until it said that it listens.
    pub(crate) took_to_listen: Duration,
    _folder: Option<TempDir>,
}

impl App {
    #[track_caller]
    pub(super) fn listening(mut child: Child, folder: Option<TempDir>, key: PathBuf, began: Instant) -> Self {
        let output = Output::of(&mut child, key.clone());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut app = Self {
            child: Some(child),
            output: Some(output),
            key,
            address: nowhere,
            took_to_listen: Duration::ZERO,
            _folder: folder,
        };
        let line = eventually("the app says that it listens", Duration::from_secs(10), || {
            app.log().into_iter().find(|line| line["event"] == "server.listening").or_else(|| {
                let ended = app.child.as_mut().unwrap().try_wait().unwrap();
                assert!(ended.is_none(), "it ended: {:?}", app.output.as_ref().unwrap().so_far());
                None
            })
        });
        app.took_to_listen = began.elapsed();
        app.address = line["url"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
        app
    }

    /// Waits until it takes connections.
    #[track_caller]
    pub(super) fn silent(
        child: Child,
        output: Option<Output>,
        folder: Option<TempDir>,
        key: PathBuf,
        address: SocketAddr,
    ) -> Self {
        let began = Instant::now();
        let mut app = Self {
            child: Some(child),
            output,
            key,
            address,
            took_to_listen: Duration::ZERO,
            _folder: folder,
        };
        eventually("the app takes connections", Duration::from_secs(10), || Connection::open(address).ok());
        app.took_to_listen = began.elapsed();
        app
    }

    /// What it measures, as it says at the address that its log names.
    #[track_caller]
    pub(crate) fn metrics(&self) -> Metrics {
        let line = self.logged("where metrics are", |line| line["event"] == "metrics.listening");
        let url = line["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches("/metrics");
        Metrics::of(url.parse().unwrap())
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// A GET on a connection of its own.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[])
    }

    /// A request on a connection of its own, whose answer has to be as strict as every answer.
    #[track_caller]
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = Connection::open(self.address).unwrap().request(method, path, headers).unwrap();
        answer.assert_strict(path);
        answer
    }

    /// What standard output holds so far: log lines, all of which have to be JSON.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<Value> {
        let (lines, _) = self.output.as_ref().unwrap().so_far();
        lines.iter().map(|line| log_line(line)).collect()
    }

    /// Waits for a log line.
    #[track_caller]
    pub(crate) fn logged(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(what, Duration::from_secs(5), || self.log().into_iter().find(&is_it))
    }

    /// Resident memory and its highest value so far, in bytes.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process_id())).unwrap();
        let bytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
        };
        (bytes("VmRSS:"), bytes("VmHWM:"))
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("bash")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.process_id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Tells it to stop, and waits for its end.
    #[track_caller]
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.end()
    }

    /// Kills it, and waits for its end.
    #[track_caller]
    pub(crate) fn kill(self) -> Ended {
        self.signal("KILL");
        self.end()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let began = Instant::now();
        let status = eventually("the app ended", Duration::from_secs(15), || {
            self.child.as_mut().unwrap().try_wait().unwrap()
        });
        let took = began.elapsed();
        let child = self.child.take().unwrap();
        let (output, errors) = self.account_for(child);
        // Who is killed may have been in the middle of a line.
        let whole = output.len() - usize::from(status.code().is_none() && !output.is_empty());
        for line in &output[..whole] {
            log_line(line);
        }
        Ended { code: status.code(), output, errors, took }
    }

    /// What it wrote, in which nothing may be that has to be kept.
    #[track_caller]
    fn account_for(&mut self, mut child: Child) -> (Vec<String>, Vec<String>) {
        let output = self.output.take().unwrap_or_else(|| Output::of(&mut child, self.key.clone()));
        output.until_the_end()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            child.kill().ok();
            child.wait().ok();
            self.account_for(child);
        }
    }
}
