//! SQL over files on FTP and FTPS servers on several machines, with Apache Ballista.
//!
//! A client plans a query and sends it to a scheduler, which lists the files and has executors read them. All of them open
//! FTP sessions of their own.
//!
//! | item | role |
//! |---|---|
//! | [`scheduler::serve`] | runs a scheduler: the program `oxftp-ballista-scheduler` |
//! | [`executor::run`] | runs an executor: the program `oxftp-ballista-executor` |
//! | [`client_context`] | a context of DataFusion whose queries a cluster runs: the program `oxftp-ballista-sql` |
//! | [`Machine`] | the FTP options and stores of one scheduler or executor |
//! | [`SchedulerAddress`] | the address of a scheduler: `df://host:port` |
//!
//! A password is never sent to another machine: see [`Machine`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod client;
mod error;
pub mod executor;
mod machine;
mod readiness;
pub mod scheduler;
mod wildcards;

pub use crate::{
    address::{AddressError, SchedulerAddress},
    client::{client_context, client_options},
    error::ClusterError,
    machine::Machine,
};

/// Compiles the examples in the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/query-engines.md")]
struct GuideExamples;
