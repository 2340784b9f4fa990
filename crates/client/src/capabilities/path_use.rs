//! Use of a path by a command.

/// The use that a command makes of a path. Some servers refuse paths with directories for one of them only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathUse {
    Read,
    /// Uploads.
    Write,
    /// `MKD`.
    Create,
    /// `DELE`.
    RemoveFile,
    /// `RMD`.
    RemoveDirectory,
    /// `RNFR` and `RNTO`.
    Rename,
}

impl PathUse {
    pub(crate) fn of(verb: &str) -> Self {
        match verb {
            "MKD" => Self::Create,
            "DELE" => Self::RemoveFile,
            "RMD" => Self::RemoveDirectory,
            _ => Self::Read,
        }
    }
}
