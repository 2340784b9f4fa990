//! Flags for job locks.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{TimeoutSeconds, local_path};

/// Flags for job locks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Locking")]
pub(crate) struct LockArgs {
    /// Exit with code 12 if another run has locked the same target; locks a file in the state directory, or FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_parser = local_path())]
    #[expect(clippy::option_option, reason = "a flag with an optional value")]
    pub(crate) lock: Option<Option<PathBuf>>,
    /// Lock the target against the runs of all machines, as --lock does here: create PATH.oxftp.lock on the server
    #[arg(long)]
    pub(crate) remote_lock: bool,
    /// Break a lock on the server that was not refreshed for SECONDS
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = age)]
    pub(crate) lock_age: Duration,
    /// Wait up to SECONDS for a lock
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub(crate) lock_wait: TimeoutSeconds,
}

/// Parses the age of a lock. A shorter one would need a refresh at every moment.
fn age(text: &str) -> Result<Duration, &'static str> {
    let TimeoutSeconds(age) = text.parse()?;
    age.filter(|age| *age >= MIN_AGE).ok_or("less than 10 seconds")
}

const MIN_AGE: Duration = Duration::from_secs(10);
