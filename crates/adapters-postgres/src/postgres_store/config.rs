//! Where the server is, and what a call may cost.

use std::time::Duration;

use xkcd_domain::secret::SecretValue;

use super::Roots;

/// Where the server is and who signs in. `Debug` does not show the password.
#[derive(Clone, Debug)]
pub struct PostgresConfig {
    /// A host name, an address, or the folder of a socket, which begins with `/`.
    pub host: String,
    /// The port; also a part of a socket's name.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user, which owns the tables when it migrates.
    pub user: String,
    /// The user's password, as it was at the start.
    pub password: SecretValue,
    /// How the connection is protected.
    pub tls: Tls,
    /// What a call may cost.
    pub limits: PostgresLimits,
}

impl PostgresConfig {
    /// The server, for people.
    pub(super) fn server(&self) -> String {
        let Self { host, port, .. } = self;
        if self.is_socket() { format!("{host}/.s.PGSQL.{port}") } else { format!("{host}:{port}") }
    }

    fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

/// How connections are protected. There is no fallback from one to the other.
#[derive(Clone, Debug)]
pub enum Tls {
    /// Not at all: for sockets, loopback and networks of one machine.
    Disable,
    /// Encrypted, and the server's certificate is verified: one of these signed it, for the host that was
    /// asked for.
    VerifyFull(Roots),
}

/// What a call may cost, and how many there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PostgresLimits {
    /// How many connections there are at most. 8 unless told.
    pub connections: usize,
    /// How many calls may wait for a connection; more are refused. 64 unless told.
    pub queue: usize,
    /// How long it takes at most to make a connection. 1 s unless told.
    pub connect_within: Duration,
    /// How long any call takes at most: its wait for a connection, the statement, another try. 1.5 s unless
    /// told. The server gives up earlier: on a lock after two thirds, on a statement after four fifths.
    pub answer_within: Duration,
}

impl Default for PostgresLimits {
    fn default() -> Self {
        Self {
            connections: 8,
            queue: 64,
            connect_within: Duration::from_secs(1),
            answer_within: Duration::from_millis(1_500),
        }
    }
}
