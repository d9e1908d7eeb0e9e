//! SQL past the app, as a superuser.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::given;

/// The first column of the first row, or what the server did not like.
pub(super) fn try_query(database: &str, sql: &str) -> Result<String, String> {
    let output = psql(database).args(["--command", sql]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[track_caller]
pub(super) fn query(database: &str, sql: &str) -> String {
    try_query(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// A session that has begun to do something, and goes on with it until it is dropped.
pub(super) struct Session(Child);

impl Session {
    /// Returns when `SELECT 'begun'`, which has to be among the statements, is done.
    #[track_caller]
    pub(super) fn begin(database: &str, sql: &str) -> Self {
        let mut child = psql(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // What it reads is done line by line.
        writeln!(child.stdin.as_mut().unwrap(), "{sql}").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "begun", "{sql}");
        Self(child)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Its transaction is undone.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn psql(database: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--dbname", database])
        .env("PGHOST", given("POSTGRES_HOST"))
        .env("PGPORT", given("POSTGRES_PORT"))
        .env("PGUSER", given("POSTGRES_USER"))
        .env("PGPASSWORD", given("POSTGRES_PASSWORD"))
        .env("PGSSLMODE", "verify-full")
        .env("PGSSLROOTCERT", given("POSTGRES_CA"))
        .env("PGCONNECT_TIMEOUT", "5")
        .env("PGOPTIONS", "--client-min-messages=error");
    psql
}
