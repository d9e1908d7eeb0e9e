//! A Redis of a test's own, which it may treat as it likes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use redis::{Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates};
use tempfile::TempDir;
use xkcd_adapters_redis::{RedisConfig, RedisTls};
use xkcd_domain::secret::SecretValue;

pub(crate) const PASSWORD: &str = "a password of the tests";

/// TLS and a password, as on the servers that the app is made for.
pub(crate) struct RedisServer {
    folder: TempDir,
    authority: String,
    process: Child,
    pub(crate) port: u16,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let authority = certificates(&folder);
        let port = free_port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let settings = format!(
            "bind 127.0.0.1\nport 0\ntls-port {port}\nsave \"\"\ndir {}\nrequirepass \"{PASSWORD}\"\n\
             tls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\ntls-auth-clients no\n",
            folder.path().display(),
            path("server.pem"),
            path("server.key"),
            path("ca.pem"),
        );
        fs::write(folder.path().join("redis.conf"), settings).unwrap();
        let process = start(&folder);
        Self { folder, authority, process, port }
    }

    /// Without TLS and password.
    pub(crate) fn start_plain() -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let settings = format!("bind 127.0.0.1\nport {port}\nsave \"\"\ndir {}\n", folder.path().display());
        fs::write(folder.path().join("redis.conf"), settings).unwrap();
        let process = start(&folder);
        Self { folder, authority: String::new(), process, port }
    }

    /// How the app would reach it.
    pub(crate) fn config(&self) -> RedisConfig {
        let tls = RedisTls::VerifiedBy(self.authority.clone().into_bytes());
        let mut config = RedisConfig::new("127.0.0.1", self.port, tls);
        config.password = Some(SecretValue::new(PASSWORD.to_owned()));
        config
    }

    /// A connection that knows nothing of the adapter.
    pub(crate) fn connection(&self) -> redis::Connection {
        let address = ConnectionAddr::TcpTls {
            host: "127.0.0.1".into(),
            port: self.port,
            insecure: false,
            tls_params: None,
        };
        let info = address
            .into_connection_info()
            .unwrap()
            .set_redis_settings(RedisConnectionInfo::default().set_password(PASSWORD));
        let root_cert = Some(self.authority.clone().into_bytes());
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
            .unwrap()
            .get_connection()
            .unwrap()
    }

    /// Sends a command, given with spaces between its parts.
    pub(crate) fn run<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut sent = redis::cmd(words.next().unwrap());
        sent.arg(words.collect::<Vec<_>>());
        sent.query(&mut self.connection()).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again after [`kill`](Self::kill): empty, at the same address.
    pub(crate) fn start_again(&mut self) {
        self.process = start(&self.folder);
    }

    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success(), "{signal} was not sent");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a server by the settings in the folder, and waits until it says that it is ready.
fn start(folder: &TempDir) -> Child {
    let mut process = Command::new("redis-server")
        .arg(folder.path().join("redis.conf"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is installed");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut said = String::new();
    loop {
        let line = lines.next().unwrap_or_else(|| panic!("redis-server has ended:\n{said}")).unwrap();
        if line.to_lowercase().contains("ready to accept connections") {
            break;
        }
        said.push_str(&line);
        said.push('\n');
    }
    // It goes on talking, and would wait for ever if nobody listened.
    std::thread::spawn(move || lines.for_each(drop));
    process
}

/// Makes an authority and a certificate for 127.0.0.1, and gives the authority's.
fn certificates(folder: &TempDir) -> String {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    fs::write(folder.path().join("server.pem"), certificate.pem()).unwrap();
    fs::write(folder.path().join("server.key"), key.serialize_pem()).unwrap();
    authority.pem()
}

/// A certificate authority that nobody knew before.
pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A port that was free a moment ago: Redis can't choose one itself.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
