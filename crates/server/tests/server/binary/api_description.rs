//! The API, asked everything that its description allows and what it does not.

use std::process::Command;

use super::Release;

#[test]
#[ignore = "needs the release build and schemathesis: scripts/test"]
fn the_api_is_as_its_description_says() {
    let Some(schemathesis) = std::env::var_os("XKCDAPP_TEST_SCHEMATHESIS") else {
        panic!("XKCDAPP_TEST_SCHEMATHESIS is not set: run scripts/test");
    };
    let release = Release::alone();
    let app = release.launch().start();
    app.get("/1000001/");
    let folder = tempfile::tempdir().unwrap();
    let found = Command::new(schemathesis)
        .current_dir(&folder)
        .args(["run", &format!("http://{}/api/openapi.json", app.address)])
        // The same requests each time.
        .args(["--checks", "all", "--seed", "1", "--max-examples", "100", "--no-color"])
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{report}{}", String::from_utf8_lossy(&found.stderr));
    assert!(report.contains("3 selected"), "not all operations were tested: {report}");
}
