//! `oxftp-ballista-scheduler`: plans queries over files on FTP and FTPS servers, and assigns their tasks to executors.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use oxftp_ballista::{
    Machine,
    scheduler::{SchedulerOptions, listen, serve},
};
use oxftp_datafusion::program::{Failure, Login};
use tokio::signal::unix::{SignalKind, signal};

/// Schedule SQL queries over files on FTP and FTPS servers on several machines
///
/// Print the address when the port is open. Start executors with that address, then run queries with oxftp-ballista-sql.
///
/// The scheduler lists the files, so it needs logins, too. The password is read from OXFTP_PASSWORD or a netrc file, and
/// is not sent to other machines. Everyone who can reach the port can run queries: use it in trusted networks only.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// Listen on ADDRESS; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50050")]
    listen: SocketAddr,
    /// Tell executors to reply to HOST, if it is not that of --listen
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Give the work of an executor to others after SECONDS of silence
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    executor_timeout: u64,
    #[command(flatten)]
    login: Login,
}

const AFTER_HELP: &str = "\
Example:
  oxftp-ballista-scheduler --listen 10.0.0.1:50050 --netrc

RUST_LOG=info shows more on stderr.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let machine = Arc::new(Machine::new(arguments.login.options()?));
    let local = |error: io::Error| Failure::Local(error.to_string());
    let mut terminated = signal(SignalKind::terminate()).map_err(local)?;
    let listener = listen(arguments.listen).await?;
    let address = listener.local_addr().map_err(local)?;
    let options = SchedulerOptions {
        advertise: arguments.advertise,
        executor_timeout: Duration::from_secs(arguments.executor_timeout),
    };
    writeln!(io::stdout(), "df://{address}").map_err(Failure::Output)?;
    let outcome = tokio::select! {
        outcome = serve(listener, Arc::clone(&machine), options) => outcome.map_err(Failure::from),
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminated.recv() => Ok(()),
    };
    machine.close().await;
    outcome
}
