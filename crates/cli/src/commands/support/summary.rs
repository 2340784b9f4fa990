//! Summary of a finished transfer.

use std::time::Instant;

use oxftp::Report;

use crate::units::{Throughput, count};

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
