//! Queries that a scheduler and two executors run, each a process, compared with those over local files.
//!
//! A server that is not installed is skipped, unless `OXFTP_REQUIRE_SERVERS=1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod cluster;
#[path = "../../../datafusion/tests/servers/files.rs"]
mod files;
mod guide;
mod losses;
mod messages;
mod queries;
mod shares;
#[path = "../../../datafusion/tests/servers/statements.rs"]
mod statements;

use datafusion::arrow::csv;
use oxftp_datafusion::{FtpOptions, FtpRegistry, session_context};

/// Runs a query over local files in this process; `@` stands for their directory. Returns the rows as CSV, with the names of
/// columns.
async fn local(sql: &str, directory: &str) -> String {
    let registry = FtpRegistry::new(FtpOptions::default()).into();
    let context = session_context(&registry).unwrap();
    let frame = context.sql(&sql.replace('@', directory)).await.unwrap();
    let mut rows = Vec::new();
    let mut writer = csv::WriterBuilder::new().with_header(false).build(&mut rows);
    for batch in frame.collect().await.unwrap() {
        writer.write(&batch).unwrap();
    }
    drop(writer);
    String::from_utf8(rows).unwrap()
}
