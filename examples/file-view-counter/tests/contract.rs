//! The contract of the port: one test a clause.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;

use tempfile::TempDir;
use xkcd_domain::ports::view_counter::ViewCounter;
use xkcd_example_file_view_counter::FileViewCounter;

/// A counter over a new file, and the folder that has it until the test is over.
fn counter() -> (Arc<dyn ViewCounter>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let counter = FileViewCounter::open(&folder.path().join("views.jsonl")).unwrap();
    (Arc::new(counter), folder)
}

xkcd_domain::contract_tests! {
    #[tokio::test]
    view_counter => counter()
}
