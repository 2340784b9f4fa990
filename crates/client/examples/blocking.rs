//! Writes, lists and reads files without `async`.
//!
//! Usage: `cargo run -p oxftp --features blocking --example blocking -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use std::io::{BufRead, Read, Seek, SeekFrom, Write};

use oxftp::{
    FtpUrl,
    blocking::{Client, Run},
};

mod support;

/// Writes a log, reads it by lines and from its end, and downloads a tree.
pub(crate) fn run(url: &FtpUrl) -> support::Result {
    let mut client = Client::open(url)?;

    let mut log = client.open_write("log.txt")?;
    for number in 1..=3 {
        writeln!(log, "line {number}")?;
    }
    log.finish()?;

    for entry in client.entries("")? {
        println!("{}", entry?.path());
    }

    let mut stream = client.open_read("log.txt")?;
    let lines = stream.by_ref().lines().collect::<Result<Vec<_>, _>>()?;
    stream.finish()?;

    let mut file = client.open_file("log.txt")?;
    file.seek(SeekFrom::End(-7))?;
    let mut last = String::new();
    file.read_to_string(&mut last)?;

    let directory = tempfile::tempdir()?;
    let report = client.download("reports").to(directory.path()).run()?;
    println!("{} files, {} bytes", report.files, report.bytes);
    client.quit()?;

    assert_eq!(lines, ["line 1", "line 2", "line 3"]);
    assert_eq!(last, "line 3\n");
    assert_eq!(report.files, 2);
    Ok(())
}

#[allow(dead_code, reason = "the tests call `run`")]
fn main() -> support::Result {
    let runtime = tokio::runtime::Runtime::new()?;
    let target = runtime.block_on(support::target())?;
    run(&target.url)
}
