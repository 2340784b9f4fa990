//! Zero-copy transfer between a data connection and a local file.

#[cfg(not(target_os = "linux"))]
pub(crate) mod fallback;
#[cfg(target_os = "linux")]
pub(crate) mod linux;
#[cfg(target_os = "linux")]
mod send_trial;

use std::io;

/// Result of a zero-copy transfer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SpliceOutcome {
    pub(crate) bytes: u64,
    /// `true` if the source was read to its end. Otherwise the rest must be copied through memory.
    pub(crate) ended: bool,
}

/// The side of a transfer that failed.
#[derive(Debug)]
pub(crate) enum CopySide {
    Data(io::Error),
    File(io::Error),
}
