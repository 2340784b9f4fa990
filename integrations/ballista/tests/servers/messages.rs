//! Messages and exit codes of the programs, when something is missing or refused.

use std::{fs, process::Output};

use oxftp_testing::servers::{Protection, ServerKind};
use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::cluster::{CLIENT, Cluster, EXECUTOR, SCHEDULER, command};

/// Returns the exit code and stderr of a program that fails without a result.
fn failure(output: &Output) -> (i32, String) {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{stderr}");
    assert!(!stderr.contains("sesame"), "{stderr}");
    (output.status.code().unwrap(), stderr)
}

async fn run(program: &str, arguments: &[&str]) -> (i32, String) {
    failure(&command(program, None).args(arguments).output().await.unwrap())
}

#[tokio::test]
async fn missing_scheduler_is_reported_with_its_address() {
    for program in [CLIENT, EXECUTOR] {
        let arguments = ["--scheduler", "df://127.0.0.1:1", "SELECT 1"];
        let arguments = if program == CLIENT { &arguments[..] } else { &arguments[..2] };
        let (code, stderr) = run(program, arguments).await;
        assert_eq!(code, 3, "{stderr}");
        assert!(
            stderr.contains("df://127.0.0.1:1") && stderr.contains("oxftp-ballista-scheduler"),
            "{stderr}"
        );
    }
    let (code, stderr) = run(CLIENT, &["--scheduler", "http://h:1", "SELECT 1"]).await;
    assert!(code == 2 && stderr.contains("df://HOST:PORT"), "{stderr}");
}

#[tokio::test]
async fn scheduler_without_executors_is_reported() {
    let mut process = command(SCHEDULER, None)
        .args(["--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = process.stdout.take().unwrap();
    while !line.ends_with('\n') {
        line.push(char::from(stdout.read_u8().await.unwrap()));
    }

    let (code, stderr) = run(CLIENT, &["--scheduler", line.trim_end(), "SELECT 1"]).await;

    assert!(code == 3 && stderr.contains("oxftp-ballista-executor --scheduler"), "{stderr}");
    process.kill().await.unwrap();
}

#[tokio::test]
async fn unusable_addresses_are_reported_with_option() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, stderr) = run(SCHEDULER, &["--listen", &address]).await;
    assert!(code == 9 && stderr.contains(&address) && stderr.contains("--listen"), "{code} {stderr}");
}

#[tokio::test]
async fn passwords_in_urls_and_users_are_refused() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    fs::write(server.root().join("x.csv"), "a\n1\n").unwrap();
    let cluster = Cluster::start(server.password()).await;
    let base = format!("ftp://{}:sesame@{}:{}", server.user(), server.host(), server.port());
    for sql in [
        format!("SELECT * FROM '{base}/x.csv'"),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{base}/x.csv'"),
    ] {
        let (code, stderr) = failure(&cluster.run(&sql).await);
        assert_eq!(code, 2, "{stderr}");
    }
    for program in [SCHEDULER, EXECUTOR] {
        let (code, stderr) = run(program, &["--user", "me:sesame"]).await;
        assert!(code == 2 && stderr.contains("OXFTP_PASSWORD"), "{stderr}");
    }
}

/// The client may log in, the others may not.
#[tokio::test]
async fn refused_login_of_executor_names_the_file() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    fs::write(server.root().join("x.csv"), "a\n1\n").unwrap();
    let cluster = Cluster::start("wrong-one").await;
    let url = format!("ftp://{}@{}:{}/x.csv", server.user(), server.host(), server.port());
    let mut client = command(CLIENT, Some(server.password()));
    client.args(["--scheduler", &cluster.scheduler, &format!("SELECT * FROM '{url}'")]);

    let (code, stderr) = failure(&client.output().await.unwrap());

    assert_eq!(code, 8, "{stderr}");
    assert!(stderr.contains("x.csv") && stderr.contains("530") && !stderr.contains("wrong-one"), "{stderr}");
    assert!(stderr.contains("hint: the scheduler and each executor need passwords"), "{stderr}");
}

#[tokio::test]
async fn sql_errors_have_exit_code_of_usage() {
    let cluster = Cluster::start("any").await;
    let (code, stderr) = failure(&cluster.run("SELEC 1").await);
    assert!(code == 2 && stderr.contains("SELEC"), "{code} {stderr}");
    assert_eq!(cluster.query("SELECT 1 AS one").await, "1\n");
}

#[tokio::test]
async fn wildcards_of_local_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in [("1.csv", "n\n1\n"), ("2.csv", "n\n2\n")] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    let cluster = Cluster::start("any").await;
    let local = directory.path().display();
    for sql in [
        format!("SELECT * FROM '{local}/1*.csv'"),
        format!("SELECT 1 WHERE 1 IN (SELECT n FROM '{local}/1*.csv')"),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{local}/1*.csv'; SELECT * FROM t"),
    ] {
        let (code, stderr) = failure(&cluster.run(&sql).await);
        assert!(
            code == 2 && stderr.contains("1*.csv") && stderr.contains("name the directory"),
            "{code} {stderr}"
        );
    }
    assert_eq!(cluster.query(&format!("SELECT sum(n) FROM '{local}/'")).await, "3\n");
}
