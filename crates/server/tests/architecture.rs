//! Where things are said: the invariants of `ARCHITECTURE.md` that neither the compiler nor a lint holds.
//! Tests and comments may name what they like; a file's tests come last in it.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::path::{Path, PathBuf};

/// The lines of code under a folder of the workspace, each with its file and line number.
fn code(folder: &str) -> Vec<(String, String)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut lines = Vec::new();
    for file in rust_files(&workspace.join(folder)) {
        let path = file.strip_prefix(&workspace).unwrap().display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
        for (index, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            lines.push((format!("{path}:{}", index + 1), line.to_owned()));
        }
    }
    assert!(!lines.is_empty(), "{folder} has no code");
    lines
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests" && name != "target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

/// All text of Rust under a folder, tests as well.
fn with_tests(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !["target", "node_modules"].iter().any(|name| path.ends_with(name)) {
            text += &with_tests(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

/// Where code under `folder` has one of the texts, outside the files whose path begins with one of `allowed`;
/// each of these has one too, or the rule has come to mean nothing.
#[track_caller]
fn assert_only_in(allowed: &[&str], folder: &str, texts: &[&str]) {
    let found = code(folder).into_iter().filter(|(_, line)| texts.iter().any(|text| line.contains(text)));
    let (within, without): (Vec<_>, Vec<_>) =
        found.partition(|(place, _)| allowed.iter().any(|path| place.starts_with(path)));
    assert!(without.is_empty(), "{without:#?}");
    for path in allowed {
        assert!(within.iter().any(|(place, _)| place.starts_with(path)), "{path} has none of {texts:?}");
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    assert_only_in(&["crates/server/src/config"], "crates", &["env::var", "env::set_var"]);
}

#[test]
fn only_the_composition_names_adapters() {
    assert_only_in(&["crates/server/src/composition"], "crates/server/src", &["xkcd_adapters_"]);
}

#[test]
fn only_adapters_that_store_speak_sql() {
    let sql = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "CREATE TABLE ", "BEGIN "];
    assert_only_in(&["crates/adapters-local/src", "crates/adapters-postgres/src"], "crates", &sql);
}

#[test]
fn only_templates_hold_markup() {
    assert_only_in(&[], "crates/server/src", &["</", "/>", "<br", "<!"]);
}

#[test]
fn the_tests_that_the_document_on_reliability_names_are_there_and_have_something_broken_for_them() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file| std::fs::read_to_string(workspace.join(file)).unwrap();
    let (document, mutants) = (read("docs/reliability.md"), read("scripts/mutants.toml"));
    let code = with_tests(&workspace.join("crates"));
    let is_name = |word: &&str| {
        word.matches('_').count() >= 3 && word.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
    };
    // What is between every other pair of marks.
    let names: Vec<_> = document.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(names.len() > 50, "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let unbroken: Vec<_> = names.iter().filter(|name| !mutants.contains(&format!("{name}\""))).collect();
    assert!(unbroken.is_empty(), "nothing in scripts/mutants.toml breaks what these look at: {unbroken:#?}");
}
