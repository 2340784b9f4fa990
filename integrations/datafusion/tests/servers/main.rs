//! Queries over real servers, the embedded server and a server in memory, compared with those over local files.
//!
//! A server that is not installed is skipped, unless `OXFTP_REQUIRE_SERVERS=1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod connections;
mod contention;
mod files;
mod guide;
mod program;
mod queries;
mod statements;

use std::{fs, sync::Arc};

use datafusion::{arrow::csv, prelude::SessionContext};
use oxftp_datafusion::{FtpOptions, FtpRegistry, session_context};
use oxftp_testing::servers::{Protection, TestServer};

/// A context for a server, and the URL of the directory that the server serves.
struct Session {
    context: SessionContext,
    registry: Arc<FtpRegistry>,
    base: String,
}

impl Session {
    fn new(server: &TestServer) -> Self {
        let options = FtpOptions::default();
        options.set_password(server.password());
        if let Some(pem) = server.ca_pem() {
            let path = server.root().with_file_name("ca.pem");
            fs::write(&path, pem).unwrap();
            options.set_ca_file(path);
        }
        Self::with_options(options, url(server))
    }

    fn with_options(options: FtpOptions, base: String) -> Self {
        let registry = Arc::new(FtpRegistry::new(options));
        let context = session_context(&registry).unwrap();
        Self { context, registry, base }
    }

    /// Runs a query; `@` stands for the URL of the directory. Returns the rows as CSV: the names of columns may have the URL.
    async fn query(&self, sql: &str) -> String {
        let frame = self.context.sql(&sql.replace('@', &self.base)).await.unwrap();
        let mut rows = Vec::new();
        let mut writer = csv::WriterBuilder::new().with_header(false).build(&mut rows);
        for batch in frame.collect().await.unwrap() {
            writer.write(&batch).unwrap();
        }
        drop(writer);
        String::from_utf8(rows).unwrap()
    }
}

/// Returns the URL of the directory that a server serves, with its user.
fn url(server: &TestServer) -> String {
    let scheme = match server.protection() {
        Protection::Plain => "ftp",
        Protection::Explicit => "ftpes",
        Protection::Implicit => "ftps",
    };
    format!("{scheme}://{}@{}:{}", server.user(), server.host(), server.port())
}
