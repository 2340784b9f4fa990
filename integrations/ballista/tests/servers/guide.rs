//! The commands of `docs/query-engines.md` that use a cluster print the output that it shows.

use std::{env, fs, path::Path, process::Stdio};

use oxftp_serve::{ServeOptions, Server};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::Command,
};

use crate::cluster::{CLIENT, command};

#[tokio::test]
async fn guide_and_cluster_script_work_as_shown() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(package.join("../../docs/query-engines.md")).unwrap();
    let examples: Vec<_> =
        examples(&page).into_iter().filter(|(command, _)| command.contains("oxftp-ballista-sql")).collect();
    assert!(examples.len() > 1, "{examples:?}");
    let served = tempfile::tempdir().unwrap();
    fs::create_dir(served.path().join("climate")).unwrap();
    for (name, rows) in [("01.csv", "oslo,1,-4\nrome,1,11\n"), ("02.csv", "oslo,2,-2\nrome,2,12\n")] {
        let path = served.path().join("climate").join(name);
        fs::write(path, format!("station,day,temperature\n{rows}")).unwrap();
    }
    let server = Server::start(ServeOptions::new(served.path()).writable(true)).await.unwrap();
    let programs = Path::new(CLIENT).parent().unwrap().display();
    let path = format!("{programs}:{}", env::var("PATH").unwrap());

    let script = package.join("cluster");
    let mut script = command(script.to_str().unwrap(), None);
    let mut script = script.env("PATH", &path).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let scheduler = BufReader::new(script.stdout.take().unwrap()).lines().next_line().await.unwrap();
    let scheduler = scheduler.expect("the script prints the address of the scheduler");

    let meant = [
        ("ftp://localhost:2121/", format!("ftp://localhost:{}/", server.address().port())),
        ("df://127.0.0.1:50050", scheduler.clone()),
    ];
    let mut outputs = Vec::new();
    for (example, _) in &examples {
        let mut line = example.clone();
        for (shown, meant) in &meant {
            line = line.replace(shown, meant);
        }
        let line = format!("{{ {line}\n}} 2>&1");
        outputs.push(command("sh", None).args(["-c", &line]).env("PATH", &path).output().await.unwrap());
    }

    // As Ctrl-C does. The script ends what it started, and waits for it.
    let id = script.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert_eq!(script.wait().await.unwrap().code(), Some(143));
    TcpStream::connect(scheduler.trim_start_matches("df://")).await.unwrap_err();
    server.stop().await;
    for ((example, expected), output) in examples.iter().zip(outputs) {
        let mut printed = String::from_utf8(output.stdout).unwrap();
        for (shown, meant) in &meant {
            printed = printed.replace(meant, shown);
        }
        assert_eq!(printed, *expected, "$ {example}");
    }
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
