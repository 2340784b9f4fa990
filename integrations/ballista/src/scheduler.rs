//! Scheduler with FTP built in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ballista_scheduler::{
    cluster::BallistaCluster,
    config::{SchedulerConfig, TaskDistributionPolicy},
    scheduler_process::{create_scheduler, start_grpc_service_with_listener},
};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;

use crate::{ClusterError, Machine};

/// Options of a scheduler.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// The host name or address that executors reply to, if it is not that of the listener.
    pub advertise: Option<String>,
    /// The time for which an executor may be silent before its tasks are given to others.
    pub executor_timeout: Duration,
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self { advertise: None, executor_timeout: Duration::from_secs(30) }
    }
}

/// Opens the port of a scheduler. Port 0 is any free port.
///
/// # Errors
///
/// [`ClusterError::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ClusterError> {
    let unusable = |source| ClusterError::Listen { address, option: "--listen", source };
    TcpListener::bind(address).await.map_err(unusable)
}

/// Runs a scheduler, until it fails or the future is dropped.
///
/// Work is pushed to the executors by turns, so that all of them read files. A query fails if all executors were lost.
///
/// # Errors
///
/// [`ClusterError::NoAddress`] if executors cannot reply, and [`ClusterError::Scheduler`].
pub async fn serve(
    listener: TcpListener,
    machine: Arc<Machine>,
    options: SchedulerOptions,
) -> Result<(), ClusterError> {
    let address = listener.local_addr().map_err(|error| ClusterError::Scheduler(error.into()))?;
    let host = match options.advertise {
        Some(host) => host,
        None if address.ip().is_unspecified() => return Err(ClusterError::NoAddress { address }),
        None if address.is_ipv6() => format!("[{}]", address.ip()),
        None => address.ip().to_string(),
    };
    let (configured, planning) = (Arc::clone(&machine), machine);
    let timeout = options.executor_timeout.as_secs().max(1);
    let config = SchedulerConfig {
        external_host: host,
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        task_distribution: TaskDistributionPolicy::RoundRobin,
        executor_timeout_seconds: timeout,
        expire_dead_executor_interval_seconds: (timeout / 4).clamp(1, 15),
        no_executors_grace_period_seconds: timeout,
        override_config_producer: Some(Arc::new(move || configured.session_config())),
        override_session_builder: Some(Arc::new(move |config| planning.session_state(config))),
        ..SchedulerConfig::default()
    };
    config.validate().map_err(ClusterError::Scheduler)?;
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(ClusterError::Scheduler)?;
    let scheduler = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config))
        .await
        .map_err(ClusterError::Scheduler)?;
    start_grpc_service_with_listener(listener, scheduler).await.map_err(ClusterError::Scheduler)
}
