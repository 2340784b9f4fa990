//! Errors of schedulers, executors and clients.

use std::{io, net::SocketAddr};

use ballista_core::error::BallistaError;
use oxftp_datafusion::program::Failure;

use crate::{AddressError, SchedulerAddress};

/// Error of starting or running a part of a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The text is not the address of a scheduler.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with {option}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that sets it.
        option: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// A scheduler that listens on all addresses has no address to tell executors.
    #[error(
        "{address} is no address that executors can reply to: name that of this machine with --advertise"
    )]
    NoAddress {
        /// The address.
        address: SocketAddr,
    },
    /// The directory for intermediate results cannot be created.
    #[error(
        "cannot create a directory for intermediate results: {source}; choose another place with --work-dir"
    )]
    WorkDirectory {
        /// The reason.
        source: io::Error,
    },
    /// There is no scheduler.
    #[error(
        "cannot reach the scheduler {scheduler}: {reason}; start oxftp-ballista-scheduler, or check --scheduler"
    )]
    NoScheduler {
        /// The address.
        scheduler: SchedulerAddress,
        /// The reason.
        reason: String,
    },
    /// The scheduler has no executor.
    #[error(
        "the scheduler {scheduler} has no executor: start oxftp-ballista-executor --scheduler {scheduler}"
    )]
    NoExecutor {
        /// The address of the scheduler.
        scheduler: SchedulerAddress,
    },
    /// The scheduler failed.
    #[error("the scheduler failed: {0}")]
    Scheduler(#[source] BallistaError),
    /// The executor failed.
    #[error("the executor failed: {0}")]
    Executor(#[source] BallistaError),
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Address(_) | ClusterError::NoAddress { .. } => Self::Usage(error.to_string()),
            ClusterError::NoScheduler { .. } | ClusterError::NoExecutor { .. } => {
                Self::Unreachable(error.to_string())
            }
            _ => Self::Local(error.to_string()),
        }
    }
}
