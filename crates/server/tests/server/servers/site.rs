//! What a test has of the servers: a database and a role of its own, and the app set up for them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use xkcd_breakable_proxy::BreakableProxy;

use super::psql::{query, try_query};
use super::{Turn, given};
use crate::support::{App, Launch};

/// The role's password, which no message may have in it.
pub(super) const PASSWORD: &str = "the-password-of-a-role";
/// Signs what browsers keep.
pub(super) const SECRET_KEY: &str = "a-key-that-has-more-than-32-bytes-in-it";

/// A database that is there as long as this, its owner, and the servers for oneself.
pub(super) struct Site {
    /// The database, and its owner.
    pub(super) name: String,
    _turn: Turn,
}

impl Site {
    /// Without tables.
    #[track_caller]
    pub(super) fn empty() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let turn = Turn::take();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("xkcdapp_servers_{}_{count}", std::process::id());
        query("postgres", &format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'"));
        query("postgres", &format!("CREATE DATABASE {name} OWNER {name} TEMPLATE template0"));
        Self { name, _turn: turn }
    }

    /// With the tables of this release.
    #[track_caller]
    pub(super) fn migrated() -> Self {
        let site = Self::empty();
        let ended = site.launch().run(&["migrate"], "");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        site
    }

    /// The app, with PostgreSQL and Redis.
    pub(super) fn launch(&self) -> Launch {
        let redis = format!("127.0.0.1:{}", given("REDIS_PORT"));
        self.launch_without_secrets()
            .set("DATABASE_HOST", given("POSTGRES_HOST"))
            .set("DATABASE_PORT", given("POSTGRES_PORT"))
            .set("DATABASE_NAME", &self.name)
            .set("DATABASE_USER", &self.name)
            .set("DATABASE_PASSWORD", PASSWORD)
            .set("ELASTICACHE_ENDPOINT", redis)
            .set("ELASTICACHE_AUTH_TOKEN", given("REDIS_PASSWORD"))
            .set("SECRET_KEY", SECRET_KEY)
    }

    /// The same, with a proxy in front of PostgreSQL.
    pub(super) fn launch_through(&self, proxy: &BreakableProxy) -> Launch {
        self.launch().set("DATABASE_PORT", proxy.address().port().to_string())
    }

    #[expect(clippy::unused_self, reason = "who starts the app has the servers for himself")]
    pub(super) fn launch_without_secrets(&self) -> Launch {
        Launch::of(Path::new(&given("BINARY")))
            .set("XKCDAPP_STORE", "postgres")
            .set("XKCDAPP_DATABASE_CA", given("POSTGRES_CA"))
            .set("XKCDAPP_SESSIONS", "redis")
            .set("XKCDAPP_REDIS_CA", given("REDIS_CA"))
            .set("XKCDAPP_SHUTDOWN_SECONDS", "6")
    }

    #[track_caller]
    pub(super) fn sql(&self, sql: &str) -> String {
        query(&self.name, sql)
    }

    /// All views that are counted, which the days' views have to add up to; `None` while nobody can be asked.
    #[track_caller]
    pub(super) fn try_views(&self) -> Option<u64> {
        // One statement, so that both sums are of one moment.
        let sums = "SELECT (SELECT coalesce(sum(view_count), 0) FROM comic_views) || ' ' ||
                           (SELECT coalesce(sum(views), 0) FROM daily_views)";
        let sums = try_query(&self.name, sums).ok()?;
        let (counts, days) = sums.split_once(' ').unwrap();
        assert_eq!(counts, days, "the sum of all counts is not that of all days");
        Some(counts.parse().unwrap())
    }

    #[track_caller]
    pub(super) fn views(&self) -> u64 {
        self.try_views().unwrap()
    }

    #[track_caller]
    pub(super) fn views_by_comic(&self) -> BTreeMap<u32, u64> {
        let counts = "SELECT coalesce(json_object_agg(comic_number, view_count), '{}') FROM comic_views";
        let counts: BTreeMap<u32, u64> = serde_json::from_str(&self.sql(counts)).unwrap();
        assert_eq!(self.views(), counts.values().sum::<u64>(), "they still change");
        counts
    }

    /// How many deadlocks the database saw.
    #[track_caller]
    pub(super) fn deadlocks(&self) -> String {
        self.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // A test that failed may have left the server as it broke it.
        try_query("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name)).ok();
        try_query("postgres", &format!("DROP ROLE {}", self.name)).ok();
    }
}

/// Where PostgreSQL listens.
pub(super) fn postgres_address() -> SocketAddr {
    format!("{}:{}", given("POSTGRES_HOST"), given("POSTGRES_PORT")).parse().unwrap()
}

/// Where Redis listens.
pub(super) fn redis_address() -> SocketAddr {
    format!("127.0.0.1:{}", given("REDIS_PORT")).parse().unwrap()
}

/// What `/health/ready` says: its status code, its word, and what is degraded.
#[track_caller]
pub(super) fn readiness(app: &App) -> (u16, String, Vec<String>) {
    let answer = app.get("/health/ready");
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    let degraded = said["degraded"].as_array().unwrap().iter().map(|part| part.as_str().unwrap().to_owned());
    (answer.status, said["status"].as_str().unwrap().to_owned(), degraded.collect())
}
