//! `oxftp-ballista-executor`: reads files on FTP and FTPS servers for the queries of a scheduler.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use oxftp_ballista::{
    Machine, SchedulerAddress,
    executor::{ExecutorOptions, run as run_executor},
};
use oxftp_datafusion::program::{Failure, Login};

/// Run parts of SQL queries over files on FTP and FTPS servers, for a scheduler
///
/// Print a line when the scheduler knows the executor. Other executors and clients fetch results from its port.
///
/// The password is read from OXFTP_PASSWORD or a netrc file. OXFTP_PASSWORD is sent to every server that a query names:
/// use --netrc if not all who can run queries may know it.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// Work for the scheduler at ADDRESS
    #[arg(long, value_name = "ADDRESS", default_value = "df://127.0.0.1:50050")]
    scheduler: SchedulerAddress,
    /// Listen on ADDRESS
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    listen: IpAddr,
    /// Send results from PORT; 0 is any free port
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Receive tasks on PORT; 0 is any free port
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    command_port: u16,
    /// Tell others to connect to HOST, if it is not that of --listen
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Run at most N tasks at once [default: as many as --sessions]
    #[arg(long, value_name = "N")]
    tasks: Option<usize>,
    /// Keep intermediate results in a directory of its own below DIR [default: that of temporary files]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Tell the scheduler every SECONDS that the executor is there
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    heartbeat: u64,
    #[command(flatten)]
    login: Login,
}

const AFTER_HELP: &str = "\
Example:
  oxftp-ballista-executor --scheduler df://10.0.0.1:50050 --listen 10.0.0.2 --netrc

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
    let options = arguments.login.options()?;
    let tasks = arguments.tasks.unwrap_or(options.sessions());
    let machine = Arc::new(Machine::new(options));
    let scheduler = arguments.scheduler;
    let line = format!("registered with {scheduler}");
    let options = ExecutorOptions {
        listen: arguments.listen,
        port: arguments.port,
        command_port: arguments.command_port,
        advertise: arguments.advertise,
        tasks,
        work_directory: arguments.work_dir,
        heartbeat: Duration::from_secs(arguments.heartbeat),
        ..ExecutorOptions::new(scheduler)
    };
    let outcome = run_executor(Arc::clone(&machine), options, || {
        // The executor runs even if standard output is closed.
        let _ = writeln!(io::stdout(), "{line}");
    });
    let outcome = outcome.await;
    machine.close().await;
    Ok(outcome?)
}
