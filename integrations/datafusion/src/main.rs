//! `oxftp-sql`: SQL over files on FTP and FTPS servers.

mod failure;
mod output;
mod progress;

use std::{
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use datafusion::{prelude::SessionContext, sql::parser::DFParser};
use oxftp_datafusion::{FtpOptions, FtpRegistry, session_context};

use crate::{failure::Failure, output::Format, progress::Progress};

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
    /// Log in as USER, if the URL names none [env: OXFTP_USER]
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Look up users and passwords in ~/.netrc
    #[arg(long, conflicts_with = "netrc_file")]
    netrc: bool,
    /// Look up users and passwords in FILE
    #[arg(long, value_name = "FILE")]
    netrc_file: Option<PathBuf>,
    /// Trust the certificates in FILE (PEM), besides those of the system [env: OXFTP_CA_FILE]
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Open at most N sessions per server
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = sessions)]
    sessions: usize,
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

fn sessions(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(sessions) if sessions > 0 => Ok(sessions),
        _ => Err("expected a number from 1 on".to_owned()),
    }
}

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
    let sql = match arguments.sql.as_str() {
        "-" => {
            let mut sql = String::new();
            io::stdin().read_to_string(&mut sql).map_err(Failure::Input)?;
            sql
        }
        sql => sql.to_owned(),
    };
    let registry = Arc::new(FtpRegistry::new(options(&arguments)?));
    let context = session_context(&registry)?;
    let progress = Progress::start(&registry, !arguments.quiet);
    let outcome = query(&context, &sql, arguments.format, &progress).await;
    progress.finish();
    registry.close().await;
    outcome
}

fn options(arguments: &Arguments) -> Result<FtpOptions, Failure> {
    let options = FtpOptions::from_env();
    if let Some(user) = &arguments.user {
        if user.contains(':') {
            return Err(Failure::PasswordInUser);
        }
        options.set_user(user);
    }
    if arguments.netrc {
        options.set_netrc(std::env::home_dir().unwrap_or_default().join(".netrc"));
    }
    if let Some(path) = &arguments.netrc_file {
        options.set_netrc(path);
    }
    if let Some(path) = &arguments.tls_ca {
        options.set_ca_file(path);
    }
    options.set_sessions(arguments.sessions);
    options.set_root(&arguments.root);
    Ok(options)
}

async fn query(
    context: &SessionContext,
    sql: &str,
    format: Format,
    progress: &Progress,
) -> Result<(), Failure> {
    for statement in DFParser::parse_sql(sql)? {
        let plan = context.state().statement_to_plan(statement).await?;
        let frame = context.execute_logical_plan(plan).await?;
        output::print(frame, format, progress).await?;
    }
    Ok(())
}
