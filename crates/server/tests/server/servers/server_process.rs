//! PostgreSQL and Redis as processes: killed, started again, paused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::given;

/// A server of `scripts/dev-stack`.
pub(super) struct ServerProcess {
    folder: PathBuf,
    pid_file: &'static str,
}

impl ServerProcess {
    pub(super) fn postgres() -> Self {
        Self { folder: Path::new(&given("STACK")).join("postgres"), pid_file: "data/postmaster.pid" }
    }

    pub(super) fn redis() -> Self {
        Self { folder: Path::new(&given("STACK")).join("redis"), pid_file: "pid" }
    }

    /// Ends it at once.
    #[track_caller]
    pub(super) fn kill(&self) -> Killed<'_> {
        signal("KILL", &[self.process()]);
        Killed(self)
    }

    /// Stops it and its children in the middle of what they do, until the pause is dropped.
    #[track_caller]
    pub(super) fn pause(&self) -> Pause {
        let server = self.process();
        // First the one that makes the others.
        signal("STOP", &[server]);
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        let children: Vec<u32> = children.split_whitespace().map(|child| child.parse().unwrap()).collect();
        signal("STOP", &children);
        Pause(children.into_iter().chain([server]).collect())
    }

    #[track_caller]
    fn process(&self) -> u32 {
        let file = fs::read_to_string(self.folder.join(self.pid_file)).unwrap();
        file.lines().next().unwrap().trim().parse().unwrap()
    }
}

/// A server that is not there: started again when this is dropped, so that other tests find it whatever came of one.
#[must_use]
pub(super) struct Killed<'a>(&'a ServerProcess);

impl Killed<'_> {
    /// Returns when the server listens again.
    pub(super) fn start(self) {
        drop(self);
    }
}

impl Drop for Killed<'_> {
    fn drop(&mut self) {
        let started = Command::new(self.0.folder.join("start")).status().unwrap();
        assert!(started.success() || std::thread::panicking(), "it does not start again");
    }
}

/// Processes that stand still.
pub(super) struct Pause(Vec<u32>);

impl Drop for Pause {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

/// A child may have ended by itself.
fn signal(name: &str, processes: &[u32]) {
    for process in processes {
        Command::new("bash")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &process.to_string()])
            .status()
            .unwrap();
    }
}

/// A command to Redis past the app; returns what it said.
#[track_caller]
pub(super) fn redis(command: &[&str]) -> String {
    let output = Command::new("redis-cli")
        .args(["-p", &given("REDIS_PORT"), "--tls", "--cacert", &given("REDIS_CA"), "--no-auth-warning"])
        .args(command)
        .env("REDISCLI_AUTH", given("REDIS_PASSWORD"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success() && !said.starts_with("ERR"), "{command:?}: {said}");
    said
}
