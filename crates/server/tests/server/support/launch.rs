use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::output::Output;
use super::{App, Ended, StubUpstream, secrets};

/// How a process of the app is to be started: on a port of its own, with data of its own, with no other
/// environment than what a test says.
pub(crate) struct Launch {
    program: PathBuf,
    /// A shell script that ends in `exec "$0" "$@"`, to prepare what a process inherits.
    prelude: Option<String>,
    own_mounts: bool,
    user: Option<u32>,
    environment: BTreeMap<&'static str, String>,
    /// Removed with the process that was started.
    own_folder: Option<TempDir>,
}

impl Launch {
    /// The development build.
    pub(crate) fn development() -> Self {
        Self::of(Path::new(env!("CARGO_BIN_EXE_xkcdapp")))
    }

    pub(crate) fn of(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = BTreeMap::from([
            ("XKCDAPP_LISTEN", "127.0.0.1:0".to_owned()),
            ("XKCDAPP_DATA", folder.path().join("data").display().to_string()),
            ("XKCDAPP_COMICS", "built-in".to_owned()),
        ]);
        Self {
            program: program.to_owned(),
            prelude: None,
            own_mounts: false,
            user: None,
            environment,
            own_folder: Some(folder),
        }
    }

    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        secrets::keep_variable(name, &value);
        self.environment.insert(name, value);
        self
    }

    /// Keeps the data in a folder that outlives the process.
    pub(crate) fn data(self, folder: &Path) -> Self {
        Self { own_folder: None, ..self }.set("XKCDAPP_DATA", folder.display().to_string())
    }

    pub(crate) fn upstream(self, stub: &StubUpstream) -> Self {
        self.upstream_at(&stub.url())
    }

    pub(crate) fn upstream_at(self, url: &str) -> Self {
        self.set("XKCDAPP_COMICS", "xkcd").set("XKCDAPP_XKCD_URL", url)
    }

    /// Runs a shell script first, in the process that becomes the app.
    pub(crate) fn after(self, prelude: &str) -> Self {
        Self { prelude: Some(prelude.to_owned()), ..self }
    }

    /// Lets the script mount what nobody else sees.
    pub(crate) fn with_own_mounts(self) -> Self {
        Self { own_mounts: true, ..self }
    }

    pub(crate) fn under_user(self, user: u32) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Serves, and is listening.
    #[track_caller]
    pub(crate) fn start(mut self) -> App {
        let began = Instant::now();
        let child = self.spawn(&[]);
        App::listening(child, self.own_folder.take(), self.key(), began)
    }

    /// Serves on an address, and its log is not read.
    #[track_caller]
    pub(crate) fn start_unread(mut self, address: SocketAddr) -> App {
        self = self.set("XKCDAPP_LISTEN", address.to_string());
        let child = self.spawn(&[]);
        App::unread(child, self.own_folder.take(), self.key(), address)
    }

    /// Serves, and is expected to end by itself.
    #[track_caller]
    pub(crate) fn fail_to_start(self) -> Ended {
        self.run(&[], "")
    }

    /// Runs a verb to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Ended {
        const AT_MOST: Duration = Duration::from_secs(20);
        let began = Instant::now();
        let mut child = self.spawn(arguments);
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let output = Output::of(&mut child, self.key());
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if began.elapsed() > AT_MOST {
                child.kill().unwrap();
                panic!("{arguments:?} does not end: {:?}", output.so_far());
            }
            thread::sleep(Duration::from_millis(2));
        };
        let took = began.elapsed();
        let (output, errors) = output.until_the_end();
        Ended { code, output, errors, took }
    }

    fn key(&self) -> PathBuf {
        Path::new(&self.environment["XKCDAPP_DATA"]).join("secret_key")
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = match &self.prelude {
            None => Command::new(&self.program),
            Some(prelude) => {
                let shell = ["bash", "-c", prelude];
                let own_mounts = ["unshare", "--mount", "--map-root-user"];
                let words: Vec<_> = own_mounts.into_iter().filter(|_| self.own_mounts).chain(shell).collect();
                let mut command = Command::new(words[0]);
                command.args(&words[1..]).arg(&self.program);
                command
            }
        };
        if let Some(user) = self.user {
            command.uid(user);
        }
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(&self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// An address where nobody listens, free to be listened on.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}
