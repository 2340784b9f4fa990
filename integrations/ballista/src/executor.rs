//! Executor with FTP built in.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ballista_executor::{
    executor_process::{ExecutorProcessConfig, start_executor_process},
    health::ExecutorHealth,
};
use tempfile::TempDir;

use crate::{ClusterError, Machine, SchedulerAddress};

/// Options of an executor.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// The address of the scheduler.
    pub scheduler: SchedulerAddress,
    /// The address that it listens on.
    pub listen: IpAddr,
    /// The port of intermediate results; 0 is any free port.
    pub port: u16,
    /// The port of commands; 0 is any free port.
    pub command_port: u16,
    /// The host name or address that others reach it at, if it is not that which it listens on.
    pub advertise: Option<String>,
    /// The number of tasks that run at once.
    pub tasks: usize,
    /// The directory where the one for intermediate results is created.
    pub work_directory: Option<PathBuf>,
    /// The interval at which it tells the scheduler that it is there.
    pub heartbeat: Duration,
}

impl ExecutorOptions {
    /// Returns the options for a scheduler: any free ports of 127.0.0.1, 4 tasks, a heartbeat every 5 seconds.
    #[must_use]
    pub fn new(scheduler: SchedulerAddress) -> Self {
        Self {
            scheduler,
            listen: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            command_port: 0,
            advertise: None,
            tasks: 4,
            work_directory: None,
            heartbeat: Duration::from_secs(5),
        }
    }
}

/// Runs an executor, until Ctrl-C, SIGTERM or its scheduler ends it. Calls `is_registered` once the scheduler knows it.
///
/// Intermediate results are in a directory of their own, which is removed at the end.
///
/// # Errors
///
/// [`ClusterError::NoScheduler`], [`ClusterError::Listen`], [`ClusterError::WorkDirectory`], and
/// [`ClusterError::Executor`].
pub async fn run(
    machine: Arc<Machine>,
    options: ExecutorOptions,
    is_registered: impl FnOnce(),
) -> Result<(), ClusterError> {
    let scheduler = options.scheduler;
    match scheduler.check().await {
        Ok(()) | Err(ClusterError::NoExecutor { .. }) => {}
        Err(error) => return Err(error),
    }
    let directory = match &options.work_directory {
        Some(directory) => TempDir::with_prefix_in(PREFIX, directory),
        None => TempDir::with_prefix(PREFIX),
    };
    let directory = directory.map_err(|source| ClusterError::WorkDirectory { source })?;
    let [port, command_port] = ports(options.listen, [options.port, options.command_port])?;
    // Without one, others use the address that the scheduler sees.
    let listened_on = (!options.listen.is_unspecified()).then(|| bracketed(options.listen));
    let health = ExecutorHealth::new();
    let (configured, running) = (Arc::clone(&machine), machine);
    let config = ExecutorProcessConfig {
        bind_host: bracketed(options.listen),
        external_host: options.advertise.or(listened_on),
        port,
        grpc_port: command_port,
        scheduler_host: scheduler.host,
        scheduler_port: scheduler.port,
        scheduler_connect_timeout_seconds: CONNECT_SECONDS,
        vcores: options.tasks.max(1),
        work_dir: Some(directory.path().display().to_string()),
        executor_heartbeat_interval_seconds: options.heartbeat.as_secs().max(1),
        // The machine keeps them, also across sessions, and apart by user and root.
        session_runtime_cache_capacity: 0,
        override_config_producer: Some(Arc::new(move || configured.session_config())),
        override_runtime_producer: Some(Arc::new(move |config| running.runtime_env(config))),
        health: health.clone(),
        ..ExecutorProcessConfig::default()
    };
    let mut executor = std::pin::pin!(start_executor_process(Arc::new(config)));
    tokio::select! {
        outcome = &mut executor => return outcome.map_err(ClusterError::Executor),
        () = registered(&health) => is_registered(),
    }
    executor.await.map_err(ClusterError::Executor)
}

/// Waits until the scheduler has answered a heartbeat.
async fn registered(health: &ExecutorHealth) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !health.is_ready() {
        looks.tick().await;
    }
}

/// Returns the ports, with free ones instead of 0.
fn ports(address: IpAddr, wanted: [u16; 2]) -> Result<[u16; 2], ClusterError> {
    let open = |port: u16, option| {
        let address = SocketAddr::new(address, port);
        TcpListener::bind(address).map_err(|source| ClusterError::Listen { address, option, source })
    };
    // Both are open at the same time, so that they differ.
    let listeners = [open(wanted[0], "--port")?, open(wanted[1], "--command-port")?];
    let [first, second] = listeners.map(|listener| listener.local_addr().map(|address| address.port()));
    let unknown = |error: std::io::Error| ClusterError::Executor(error.into());
    Ok([first.map_err(unknown)?, second.map_err(unknown)?])
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

const PREFIX: &str = "oxftp-ballista-";
const CONNECT_SECONDS: u16 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_port_is_reported_with_its_option() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = ports(Ipv4Addr::LOCALHOST.into(), [0, port]).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{port}")) && error.contains("--command-port"), "{error}");
        let [first, second] = ports(Ipv4Addr::LOCALHOST.into(), [0, 0]).unwrap();
        assert!(first != second && first > 0 && second > 0);
    }
}
