use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::output::Output;
use super::{App, Ended, StubUpstream, secrets, until};

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
        App::silent(child, None, self.own_folder.take(), self.key(), address)
    }

    /// Serves at an address, whatever is logged.
    #[track_caller]
    pub(crate) fn start_at(mut self, address: SocketAddr) -> App {
        self = self.set("XKCDAPP_LISTEN", address.to_string());
        let mut child = self.spawn(&[]);
        let output = Output::of(&mut child, self.key());
        App::silent(child, Some(output), self.own_folder.take(), self.key(), address)
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

    /// Runs a verb at a terminal of its own (util-linux's `script`). Each text is typed once its prompt is there, and
    /// a password once it is hidden. Gives the code and all that was on the screen, at last the terminal's settings.
    #[track_caller]
    pub(crate) fn at_a_terminal(self, arguments: &[&str], typed: &[(&str, &str)]) -> (Option<i32>, String) {
        const AT_MOST: Duration = Duration::from_secs(20);
        let command = "tty; $0 $*; ended=\\$?; stty -a; exit \\$ended";
        let prelude = format!("exec script --quiet --return --flush --command \"{command}\" /dev/null");
        let mut child = self.after(&prelude).spawn(arguments);
        let mut keyboard = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (sender, bytes) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 1_024];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                sender.send(buffer[..length].to_vec()).ok();
            }
        });
        let (began, mut screen, mut read) = (Instant::now(), String::new(), 0);
        let mut wanted = typed.iter();
        let mut next = wanted.next();
        while let Ok(bytes) = bytes.recv_timeout(AT_MOST.saturating_sub(began.elapsed())) {
            screen.push_str(&String::from_utf8_lossy(&bytes));
            while let Some(((prompt, keys), at)) =
                next.and_then(|it| Some((it, read + screen[read..].find(it.0)? + it.0.len())))
            {
                read = at;
                if !prompt.starts_with("Username") {
                    let terminal = screen.lines().next().unwrap();
                    until("the terminal hides what is typed", AT_MOST, || {
                        let settings = Command::new("stty").args(["-F", terminal, "-a"]).output().unwrap();
                        String::from_utf8(settings.stdout).unwrap().contains("-echo ")
                    });
                }
                keyboard.write_all(keys.as_bytes()).unwrap();
                next = wanted.next();
            }
        }
        // Whoever still waits for a key gets none.
        drop(keyboard);
        if began.elapsed() >= AT_MOST {
            child.kill().unwrap();
        }
        let code = child.wait().unwrap().code();
        assert!(next.is_none(), "no {next:?} in {screen}");
        (code, screen)
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
