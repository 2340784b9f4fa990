//! `oxftp-ballista-sql`: SQL over files on FTP and FTPS servers, which a cluster runs.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use oxftp_ballista::{SchedulerAddress, client_context, client_options};
use oxftp_datafusion::{
    FtpRegistry,
    program::{self, Failure, Format, Login},
};

/// Query files on FTP and FTPS servers with SQL on a cluster of Ballista
///
/// The SQL is that of oxftp-sql: a quoted URL is a table, its name may have wildcards, and a directory ends with /.
///
/// The client reads the names of columns, the scheduler lists the files, and the executors read them. Each has logins of
/// its own: the password is read from OXFTP_PASSWORD or a netrc file, and is not sent to other machines. The user and
/// --root are. URLs with a password are refused.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// SQL statements, separated by semicolons; - reads them from stdin
    sql: String,
    /// Send queries to the scheduler at ADDRESS
    #[arg(long, value_name = "ADDRESS", default_value = "df://127.0.0.1:50050")]
    scheduler: SchedulerAddress,
    /// Print a table, CSV or one JSON object per line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    login: Login,
    /// Start the paths of URLs from DIR instead of the login directory
    #[arg(long, value_name = "DIR", default_value = "", hide_default_value = true)]
    root: String,
}

const AFTER_HELP: &str = "\
Example:
  oxftp-ballista-sql --scheduler df://10.0.0.1:50050 \"select count(*) from 'ftpes://me@ftp.example.org/data/'\"

Exit codes, as of oxftp-sql; 8 if an executor reports an error:
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
        Err(failure) => {
            let code = failure.report();
            if is_login_elsewhere(&failure) {
                // Without stderr, the exit code remains.
                let _ = writeln!(io::stderr(), "hint: {HINT}");
            }
            code
        }
    }
}

/// Returns whether the scheduler or an executor reports that its login was refused.
fn is_login_elsewhere(failure: &Failure) -> bool {
    match failure {
        Failure::Query(error) => {
            let text = error.to_string();
            text.contains("Job ") && text.contains("lacked valid authentication")
        }
        _ => false,
    }
}

const HINT: &str = "the scheduler and each executor need passwords of their own: set OXFTP_PASSWORD, or use --netrc, when you start them";

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = arguments.login.options()?;
    options.set_root(&arguments.root);
    client_options(&options);
    let registry = Arc::new(FtpRegistry::new(options));
    arguments.scheduler.check().await?;
    let context = client_context(&arguments.scheduler, &registry).await?;
    // What this machine receives says nothing about the progress.
    program::run(&context, &registry, &arguments.sql, arguments.format, true).await
}
