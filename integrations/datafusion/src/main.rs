//! `oxftp-sql`: SQL over files on FTP and FTPS servers.

use std::{process::ExitCode, sync::Arc};

use clap::Parser;
use oxftp_datafusion::{
    FtpRegistry,
    program::{self, Failure, Format, Login},
    session_context,
};

/// Query files on FTP and FTPS servers with SQL
///
/// A quoted URL is a table: its name may have wildcards, and a directory ends with /. The formats are Parquet, CSV and
/// JSON, also compressed. CSV files need a first line with names.
///
/// The password is read from OXFTP_PASSWORD or a netrc file. URLs with a password are refused.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// SQL statements, separated by semicolons; - reads them from stdin
    sql: String,
    /// Print a table, CSV or one JSON object per line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    login: Login,
    /// Start the paths of URLs from DIR instead of the login directory
    #[arg(long, value_name = "DIR", default_value = "", hide_default_value = true)]
    root: String,
    /// Show no progress; it is shown on stderr if that is a terminal
    #[arg(short, long)]
    quiet: bool,
}

const AFTER_HELP: &str = "\
Examples:
  oxftp-sql \"select station, avg(temperature) from 'ftp://ftp.example.org/climate/*.csv' group by station\"
  oxftp-sql --format csv \"select count(*) from 'ftpes://me@ftp.example.org/data/'\"

Exit codes, as of oxftp:
  2 usage or SQL   3 cannot connect   4 TLS failed      5 login refused    6 no such file
  7 refused        8 bad data         9 local error    10 timeout         11 protocol   130 Ctrl-C";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::select! {
        outcome = run(arguments) => outcome,
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = arguments.login.options()?;
    options.set_root(&arguments.root);
    let registry = Arc::new(FtpRegistry::new(options));
    let context = session_context(&registry)?;
    program::run(&context, &registry, &arguments.sql, arguments.format, arguments.quiet).await
}
