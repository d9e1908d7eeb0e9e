//! Whether Redis is fit for what is kept in it.

use crate::redis_config::{RedisConfig, RedisTls};

/// The oldest release that the tests have run on.
const OLDEST_MAJOR_VERSION: u32 = 6;

/// What `xkcdapp check` says of Redis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RedisReport {
    /// Host and port.
    pub address: String,
    /// Whether the connection is encrypted and the server's certificate was verified.
    pub tls: bool,
    /// The server's version, such as `7.1.0`.
    pub version: String,
    /// What it does when its memory is full, such as `noeviction`; `None` when it does not say.
    pub eviction_policy: Option<String>,
    /// What should be changed, a sentence each.
    pub warnings: Vec<String>,
}

impl RedisReport {
    /// Reads what `INFO` answered. `CONFIG`, which says the same, is forbidden on `ElastiCache`.
    pub(super) fn new(config: &RedisConfig, info: &str) -> Self {
        let field = |name: &str| {
            info.lines()
                .find_map(|line| Some(line.trim_end().strip_prefix(name)?.strip_prefix(':')?.to_owned()))
        };
        let version = field("redis_version").unwrap_or_else(|| "unknown".to_owned());
        let eviction_policy = field("maxmemory_policy");
        let mut warnings = Vec::new();
        match eviction_policy.as_deref() {
            Some("noeviction") => {}
            Some(policy) => warnings.push(format!(
                "the eviction policy of Redis is {policy}: set maxmemory-policy to noeviction, else it forgets \
                 sessions and failed sign-ins when its memory is full"
            )),
            None => warnings.push(
                "Redis does not say its eviction policy: make sure that maxmemory-policy is noeviction".into(),
            ),
        }
        if field("role").is_some_and(|role| role != "master") {
            warnings
                .push("Redis is a replica there, which can't be written: use the primary's address".into());
        }
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST_MAJOR_VERSION) {
            warnings.push(format!("Redis {version} is not supported: use {OLDEST_MAJOR_VERSION} or later"));
        }
        let tls = !matches!(config.tls, RedisTls::Disabled);
        Self { address: config.address(), tls, version, eviction_policy, warnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(info: &str) -> RedisReport {
        RedisReport::new(&RedisConfig::new("redis.test", 6379, RedisTls::Verified), info)
    }

    #[test]
    fn a_server_that_is_fit_is_not_warned_of() {
        let report =
            report("# Server\r\nredis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n");

        assert_eq!(report.warnings, Vec::<String>::new());
        assert_eq!((report.version.as_str(), report.tls), ("7.0.15", true));
        assert_eq!(report.eviction_policy.as_deref(), Some("noeviction"));
        assert_eq!(report.address, "redis.test:6379");
    }

    #[test]
    fn what_should_be_changed_is_warned_of() {
        let report = report("redis_version:5.0.1\r\nmaxmemory_policy:volatile-lru\r\nrole:slave\r\n");

        let [policy, replica, version] = &report.warnings[..] else { panic!("{:#?}", report.warnings) };
        assert!(policy.contains("volatile-lru") && policy.contains("noeviction"), "{policy}");
        assert!(replica.contains("replica"), "{replica}");
        assert!(version.contains("5.0.1"), "{version}");
    }

    #[test]
    fn a_server_that_says_little_is_warned_of() {
        assert_eq!(report("").warnings.len(), 2);
    }
}
