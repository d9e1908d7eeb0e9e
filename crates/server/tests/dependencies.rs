//! What the app is built from: `deny.toml` and the rules of `ARCHITECTURE.md`, held against the packages that
//! are really built. A lock file does not tell: it also lists optional packages that nothing turns on.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages that the shipped platform is built with, each as `name vVERSION|licences`.
fn built(scope: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["tree", "--locked", "--target", "x86_64-unknown-linux-gnu"])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"])
        .args(scope)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

const EVERYTHING: &[&str] = &["--workspace", "--all-features"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn name(package: &str) -> &str {
    package.split(' ').next().unwrap()
}

/// The first quoted text of each line of a list in `deny.toml`.
fn listed(key: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(workspace().join("deny.toml")).unwrap();
    let lines = text.lines().skip_while(|line| *line != format!("{key} = [")).skip(1);
    let entries: BTreeSet<_> = lines
        .take_while(|line| *line != "]")
        .map(|line| line.split('"').nth(1).unwrap().to_owned())
        .collect();
    assert!(!entries.is_empty(), "deny.toml has no list named {key}");
    entries
}

#[test]
fn nothing_banned_is_built() {
    let banned = listed("deny");
    let found: Vec<_> =
        built(EVERYTHING).into_iter().filter(|package| banned.contains(name(package))).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_package_is_built_in_two_versions_but_those_that_must_be() {
    let mut versions = BTreeMap::<String, BTreeSet<String>>::new();
    for package in built(EVERYTHING) {
        let (identity, _) = package.split_once('|').unwrap();
        let mut words = identity.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        versions.entry(name.to_owned()).or_default().insert(version.to_owned());
    }
    let twice: BTreeSet<_> =
        versions.into_iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| name).collect();
    let expected: BTreeSet<_> =
        listed("skip").iter().map(|entry| entry.split('@').next().unwrap().to_owned()).collect();
    assert_eq!(twice, expected);
}

/// Stricter than need be, since it does not choose among alternatives.
#[test]
fn every_licence_named_by_a_package_is_allowed() {
    let allowed = listed("allow");
    for package in built(EVERYTHING) {
        let (_, licences) = package.split_once('|').unwrap();
        let words = licences.split(|letter: char| letter.is_whitespace() || "()/*".contains(letter));
        let mut names =
            words.filter(|word| !["", "OR", "AND", "WITH", "LLVM-exception"].contains(word)).peekable();
        assert!(names.peek().is_some(), "{package} names no licence");
        for licence in names {
            assert!(allowed.contains(licence), "{licence} of {package} is not allowed by deny.toml");
        }
    }
}

#[test]
fn every_package_comes_from_crates_io() {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
    let mut sources = lock.lines().filter(|line| line.starts_with("source = ")).peekable();
    assert!(sources.peek().is_some());
    for source in sources {
        assert_eq!(source, r#"source = "registry+https://github.com/rust-lang/crates.io-index""#);
    }
}

/// With no feature, as the app has it, and with all, as tests of others have it.
#[test]
fn the_domain_reaches_no_runtime_no_server_no_store_and_no_random_source() {
    const FORBIDDEN: &[&str] = &[
        "actix",
        "async-executor",
        "async-io",
        "async-std",
        "aws",
        "axum",
        "deadpool",
        "diesel",
        "getrandom",
        "http",
        "hyper",
        "mio",
        "postgres",
        "rand",
        "reqwest",
        "redis",
        "rusqlite",
        "smol",
        "sqlx",
        "tokio",
        "tower",
        "tracing",
        "ureq",
    ];
    let is_of = |package: &str, family: &str| {
        package.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    for (features, expected) in [("--no-default-features", "thiserror"), ("--all-features", "mockall")] {
        let reached = built(&["--package", "xkcd-domain", "--edges", "normal", features]);
        assert!(reached.iter().any(|package| name(package) == expected), "{reached:?}");
        for package in reached {
            let forbidden = FORBIDDEN.iter().any(|family| is_of(name(&package), family));
            assert!(!forbidden, "the domain reaches {package}, {features}");
        }
    }
}

#[test]
fn examples_do_without_the_server() {
    let mut examples = 0;
    for folder in std::fs::read_dir(workspace().join("examples")).unwrap() {
        let folder = folder.unwrap().file_name().into_string().unwrap();
        examples += 1;
        let reached = built(&["--package", &format!("xkcd-example-{folder}"), "--edges", "normal,build,dev"]);
        assert!(reached.iter().any(|package| name(package) == "xkcd-domain"), "{reached:?}");
        assert!(reached.iter().all(|package| name(package) != "xkcdapp"), "{folder} depends on the server");
    }
    assert!(examples >= 2);
}

#[test]
fn adapters_depend_on_neither_each_other_nor_the_server() {
    let mut adapters = 0;
    for package in std::fs::read_dir(workspace().join("crates")).unwrap() {
        let folder = package.unwrap().file_name().into_string().unwrap();
        let Some(of) = folder.strip_prefix("adapters-") else { continue };
        adapters += 1;
        let own = format!("xkcd-adapters-{of}");
        for reached in built(&["--package", &own, "--edges", "normal,build,dev"]) {
            let reached = name(&reached);
            let other = reached.starts_with("xkcd-adapters-") && reached != own;
            assert!(!other && reached != "xkcdapp", "{own} depends on {reached}");
        }
    }
    assert!(adapters >= 2);
}
