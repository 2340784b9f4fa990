//! The commands of `docs/query-engines.md` print the output that it shows.

use std::{env, fs, path::Path, process::Stdio};

use oxftp_serve::{ServeOptions, Server};
use tokio::process::Command;

#[tokio::test]
async fn commands_of_the_guide_print_what_it_shows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/query-engines.md");
    let mut examples = examples(&fs::read_to_string(page).unwrap());
    // Those of a cluster are run by the tests of oxftp-ballista.
    examples.retain(|(command, _)| !command.contains("oxftp-ballista"));
    assert!(examples.len() > 6, "{examples:?}");
    let (served, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(ServeOptions::new(served.path()).writable(true)).await.unwrap();
    let meant = format!("ftp://localhost:{}/", server.address().port());
    let program = Path::new(env!("CARGO_BIN_EXE_oxftp-sql")).parent().unwrap();
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap());

    for (command, expected) in examples {
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {}\n}} 2>&1", command.replace("ftp://localhost:2121/", &meant))])
            .current_dir(here.path())
            .env("PATH", &path)
            .env_remove("OXFTP_USER")
            .env_remove("OXFTP_PASSWORD")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let shown = String::from_utf8(output.stdout).unwrap().replace(&meant, "ftp://localhost:2121/");
        assert_eq!(shown, expected, "$ {command}");
    }
    server.stop().await;
}

/// Returns the commands of blocks marked `console`, each with its output.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        match line.strip_prefix("$ ") {
            _ if line.starts_with("```") => is_inside = line == "```console",
            Some(command) if is_inside => examples.push((command.to_owned(), String::new())),
            _ if is_inside => examples.last_mut().unwrap().1.push_str(&format!("{line}\n")),
            _ => {}
        }
    }
    examples
}
