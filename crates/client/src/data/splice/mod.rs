//! What came of moving a file's bytes.

#[cfg(not(target_os = "linux"))]
pub(crate) mod fallback;
#[cfg(target_os = "linux")]
pub(crate) mod linux;

use std::io;

/// How far a transfer past this side's memory came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SpliceOutcome {
    pub(crate) bytes: u64,
    /// The source was read to its end; else the rest has to go another way.
    pub(crate) ended: bool,
}

/// Which side of a transfer failed.
#[derive(Debug)]
pub(crate) enum CopySide {
    Data(io::Error),
    File(io::Error),
}
