//! The program `oxftp-sql`: formats, messages, exit codes.

use std::{
    fs,
    process::{Output, Stdio},
    time::{Duration, SystemTime},
};

use datafusion::arrow::{array::AsArray, datatypes::Int64Type};
use oxftp_testing::servers::{Protection, ServerKind, TestServer};
use tokio::process::Command;

use crate::{files, url};

async fn embedded(protection: Protection) -> TestServer {
    ServerKind::Embedded.start(protection).await.unwrap()
}

async fn run(arguments: &[&str], password: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oxftp-sql"))
        .args(arguments)
        .env("OXFTP_PASSWORD", password)
        .env_remove("OXFTP_USER")
        .env_remove("OXFTP_CA_FILE")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

/// Returns the exit code and stderr of a query that fails without a result.
async fn failure(arguments: &[&str], password: &str) -> (i32, String) {
    let output = run(arguments, password).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    for secret in ["sesame", "wrong-one"] {
        assert!(!stderr.contains(secret), "{stderr}");
    }
    (output.status.code().unwrap(), stderr)
}

async fn success(arguments: &[&str], password: &str) -> String {
    let output = run(arguments, password).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn results_are_tables_csv_and_json() {
    let server = embedded(Protection::Plain).await;
    fs::write(server.root().join("x.csv"), "name,count\na,1\n\"b, c\",2\n").unwrap();
    let sql = format!("SELECT name, count FROM '{}/x.csv' ORDER BY count", url(&server));

    let table = success(&[&sql], server.password()).await;
    assert_eq!(
        table,
        "+------+-------+\n| name | count |\n+------+-------+\n| a    | 1     |\n| b, c | 2     |\n+------+-------+\n"
    );
    assert_eq!(success(&["--format", "csv", &sql], server.password()).await, "name,count\na,1\n\"b, c\",2\n");
    let json = success(&["--format", "json", &sql], server.password()).await;
    assert_eq!(json, "{\"name\":\"a\",\"count\":1}\n{\"name\":\"b, c\",\"count\":2}\n");
    let empty = sql.replace("ORDER", "WHERE count > 5 ORDER");
    assert_eq!(success(&["--format", "csv", &empty], server.password()).await, "name,count\n");
    let several = format!("SET ftp.sessions = 1; CREATE VIEW v AS {sql}; SELECT sum(count) AS n FROM v");
    assert_eq!(success(&["--format", "csv", &several], server.password()).await, "n\n3\n");
}

#[tokio::test]
async fn wrong_password_is_reported_with_hint() {
    let server = embedded(Protection::Plain).await;
    fs::write(server.root().join("x.csv"), "a\n1\n").unwrap();
    let sql = format!("SELECT * FROM '{}/x.csv'", url(&server));

    let (code, stderr) = failure(&[&sql], "wrong-one").await;

    assert_eq!(code, 5, "{stderr}");
    assert!(
        stderr.contains(&format!("{}/x.csv", url(&server))) && stderr.contains("OXFTP_PASSWORD"),
        "{stderr}"
    );
}

#[tokio::test]
async fn missing_file_is_reported_with_path() {
    let server = embedded(Protection::Plain).await;
    fs::create_dir(server.root().join("d")).unwrap();
    fs::write(server.root().join("d/x.dat"), "a\n1\n").unwrap();
    for (path, expected, text) in [
        ("missing.csv", 6, "no such file"),
        ("no/directory/", 6, "no such file"),
        ("d/*.parquet", 6, "no such file"),
        ("d/x.dat", 2, "format"),
        ("d/*/x.csv", 2, "wildcards"),
        ("/etc/x.csv", 2, "ftp.root"),
    ] {
        let url = format!("{}/{path}", url(&server));
        let (code, stderr) = failure(&[&format!("SELECT * FROM '{url}'")], server.password()).await;
        assert_eq!(code, expected, "{stderr}");
        assert!(stderr.contains(&url) && stderr.contains(text), "{stderr}");
    }
}

#[tokio::test]
async fn refused_certificate_is_reported_with_path() {
    let server = embedded(Protection::Explicit).await;
    fs::write(server.root().join("x.csv"), "a\n1\n").unwrap();
    let sql = format!("SELECT * FROM '{}/x.csv'", url(&server));

    let (code, stderr) = failure(&[&sql], server.password()).await;
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("/x.csv") && stderr.contains("--tls-ca"), "{stderr}");

    let authority = server.root().with_file_name("ca.pem");
    fs::write(&authority, server.ca_pem().unwrap()).unwrap();
    let trusted = ["--format", "csv", "--tls-ca", authority.to_str().unwrap(), &sql];
    assert_eq!(success(&trusted, server.password()).await, "a\n1\n");
    let (code, stderr) = failure(&["--tls-ca", "/no/such/ca.pem", &sql], server.password()).await;
    assert!(code == 9 && stderr.contains("/no/such/ca.pem"), "{code} {stderr}");
}

#[tokio::test]
async fn passwords_are_never_shown() {
    let server = embedded(Protection::Plain).await;
    fs::write(server.root().join("x.csv"), "a\n1\n").unwrap();
    let base = url(&server);
    let with_password = base.replace('@', ":sesame@");
    for sql in [
        format!("SELECT * FROM '{with_password}/x.csv'"),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{with_password}/x.csv'"),
        format!("SELECT * FROM '{base}/x.csv' '{with_password}' ("),
    ] {
        let (code, stderr) = failure(&[&sql], server.password()).await;
        assert_eq!(code, 2, "{sql}: {stderr}");
    }
    let (code, stderr) = failure(&["--user", "me:sesame", "SELECT 1"], "").await;
    assert!(code == 2 && stderr.contains("OXFTP_PASSWORD"), "{stderr}");

    let sql = format!(
        "EXPLAIN VERBOSE SELECT * FROM '{base}/x.csv'; SHOW ALL; SELECT * FROM information_schema.df_settings"
    );
    let shown = success(&[&sql], server.password()).await;
    assert!(shown.contains("x.csv") && shown.contains("ftp.password"), "{shown}");
    assert!(!shown.contains(server.password()), "{shown}");
}

#[tokio::test]
async fn sql_errors_and_lost_servers_have_exit_codes() {
    let (code, stderr) = failure(&["SELEC 1"], "").await;
    assert_eq!(code, 2, "{stderr}");
    let (code, stderr) = failure(&["SELECT * FROM nowhere"], "").await;
    assert!(code == 2 && stderr.contains("nowhere"), "{stderr}");
    let (code, stderr) = failure(&["SELECT * FROM 'ftp://127.0.0.1:1/x.csv'"], "").await;
    assert!(code == 3 && stderr.contains("ftp://127.0.0.1:1/x.csv"), "{code} {stderr}");

    let server = embedded(Protection::Plain).await;
    fs::write(server.root().join("x.parquet"), "this is not Parquet").unwrap();
    let sql = format!("SELECT * FROM '{}/x.parquet'", url(&server));
    let (code, stderr) = failure(&[&sql], server.password()).await;
    assert_eq!(code, 8, "{stderr}");
}

/// DataFusion keeps footers and listings by path: those of two servers must not be mixed up.
#[tokio::test]
async fn same_paths_of_two_servers_are_distinguished() {
    let servers = [embedded(Protection::Plain).await, embedded(Protection::Plain).await];
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let (mut sizes, mut statements, mut expected) = (Vec::new(), Vec::new(), String::new());
    for (server, seed) in servers.iter().zip([1, 2]) {
        let rows = files::wide(10, seed);
        let lowest = rows.column(0).as_primitive::<Int64Type>().values().iter().min().unwrap().to_string();
        let path = server.root().join("x.parquet");
        fs::write(&path, files::to_parquet(&rows)).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
        sizes.push(fs::metadata(&path).unwrap().len());
        // Answered from the footer.
        statements.push(format!("SELECT min(c00) AS lowest FROM '{}/x.parquet'", url(server)));
        expected.push_str(&format!("lowest\n{lowest}\n"));
    }
    assert_eq!(sizes[0], sizes[1]);

    let shown = success(&["--format", "csv", &statements.join(";")], servers[0].password()).await;

    assert_eq!(shown, expected);
}
