//! Summary of a finished transfer.

use std::time::Instant;

use oxftp::{Error, Report};

use crate::{
    terminal::warn,
    units::{Throughput, count},
};

/// Formats what was transferred, and how fast.
pub(crate) fn summary(what: impl std::fmt::Display, report: &Report, begun: Instant) -> String {
    let rate = Throughput { bytes: report.bytes, elapsed: begun.elapsed() };
    match (report.files, report.directories) {
        (_, 0) => format!("{what}: {rate}"),
        (files, directories) => {
            let (files, directories) =
                (count(files, "file", "files"), count(directories, "directory", "directories"));
            format!("{what}: {files} in {directories}, {rate}")
        }
    }
}

/// Returns how many symbolic links a transfer left out, also one that failed in part.
pub(crate) fn skipped_symlinks(report: &oxftp::Result<Report>) -> u64 {
    match report {
        Ok(report) => report.skipped_symlinks,
        Err(Error::PartialFailure { report } | Error::Stopped { report, .. }) => report.skipped_symlinks,
        Err(_) => 0,
    }
}

/// Warns of symbolic links that were left out without a flag that says so.
pub(crate) fn warn_of_skipped_symlinks(symlinks: u64) {
    if symlinks > 0 {
        let symlinks = count(symlinks, "symbolic link", "symbolic links");
        warn(format_args!("{symlinks} skipped; --links follow or copy includes them"));
    }
}
