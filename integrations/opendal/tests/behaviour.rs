//! OpenDAL's own behaviour tests, on each server. They are in Python, and run the service in OpenDAL's Python binding.
//!
//! `.ci/opendal` fetches them and builds the binding. They are skipped unless `OXFTP_OPENDAL` names the folder of both.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::{env, fs, path::PathBuf, process::Stdio};

use oxftp_testing::servers::{Protection, ServerKind, TestServer, available};
use tokio::process::Command;

#[tokio::test]
async fn behaviour_tests_of_opendal_pass() {
    let Some(folder) = env::var_os("OXFTP_OPENDAL").map(PathBuf::from) else { return };
    for kind in ServerKind::ALL {
        for protection in [Protection::Plain, Protection::Explicit] {
            let Some(server) = available(kind.start(protection).await) else { continue };
            let mut tests = Command::new(folder.join("venv/bin/python"));
            tests.args(["-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider"]).args(OF_OTHER_SERVICES);
            tests.arg("source/bindings/python/tests");
            tests.current_dir(&folder).stdin(Stdio::null());
            for (name, value) in variables(&server) {
                tests.env(name, value);
            }
            let finished = tests.output().await.unwrap();
            let shown = String::from_utf8_lossy(&finished.stdout).into_owned();
            let summary = shown.lines().next_back().unwrap_or_default();
            #[expect(clippy::print_stdout, reason = "the counts of tests, with --nocapture")]
            {
                println!("{}, {protection:?}: {summary}", kind.name());
            }
            assert!(finished.status.success(), "{}, {protection:?}:\n{shown}", kind.name());
        }
    }
}

/// Tests of the services for HTTP and local files, which are not built.
const OF_OTHER_SERVICES: [&str; 3] = [
    "--ignore=source/bindings/python/tests/test_file_http_requests.py",
    "-k",
    "not test_from_config_operator_pickle and not test_from_uri_operator_pickle",
];

/// Returns the settings of the service as the tests read them.
fn variables(server: &TestServer) -> Vec<(&'static str, String)> {
    let scheme = if server.protection() == Protection::Plain { "ftp" } else { "ftpes" };
    let mut variables = vec![
        ("OPENDAL_TEST", "oxftp".to_owned()),
        ("OPENDAL_OXFTP_ENDPOINT", format!("{scheme}://{}:{}", server.host(), server.port())),
        ("OPENDAL_OXFTP_USER", server.user().to_owned()),
        ("OPENDAL_OXFTP_PASSWORD", server.password().to_owned()),
        ("OPENDAL_OXFTP_ROOT", server.login_directory().to_owned()),
    ];
    if let Some(pem) = server.ca_pem().filter(|_| server.protection() != Protection::Plain) {
        let path = server.root().with_file_name("ca.pem");
        fs::write(&path, pem).unwrap();
        variables.push(("OPENDAL_OXFTP_CA_FILE", path.display().to_string()));
    }
    variables
}
