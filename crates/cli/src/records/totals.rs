//! Sums of a run, as text, as JSON and as Prometheus metrics.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use serde::Serialize;

use crate::units::{Throughput, count};

/// Sums of one run.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) verb: &'static str,
    pub(super) started: String,
    pub(super) ended: String,
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub(super) elapsed: Duration,
    /// Dry run: the numbers are those of a real run.
    pub(super) dry_run: bool,
    /// Transferred files.
    pub(super) files: u64,
    /// Created directories.
    pub(super) directories: u64,
    pub(super) bytes: u64,
    /// Bytes that were there from an earlier run.
    #[serde(rename = "resumed_bytes")]
    pub(super) resumed: u64,
    pub(super) deleted: u64,
    pub(super) unchanged: u64,
    pub(super) exit: u8,
    pub(super) failures: Vec<FailedName>,
}

/// A failure and the name that it is about.
#[derive(Debug, Serialize)]
pub(super) struct FailedName {
    pub(super) name: String,
    pub(super) message: String,
}

impl Totals {
    /// Formats the sums as a JSON object on one line.
    pub(super) fn json(&self) -> String {
        // Numbers and text cannot fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Formats the sums in the text format of Prometheus.
    pub(super) fn metrics(&self) -> String {
        let ended = self.ended.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
        let samples: [(&str, &str, f64); 9] = [
            ("last_run_timestamp_seconds", "Time at which the last run ended.", ended as f64),
            ("last_run_duration_seconds", "How long the last run took.", self.elapsed.as_secs_f64()),
            ("last_run_exit_code", "Exit code of the last run; 0 is success.", f64::from(self.exit)),
            ("last_run_files", "Files that the last run transferred.", self.files as f64),
            ("last_run_directories", "Directories that the last run created.", self.directories as f64),
            ("last_run_bytes", "Bytes that the last run transferred.", self.bytes as f64),
            ("last_run_deleted", "Files and directories that the last run deleted.", self.deleted as f64),
            ("last_run_unchanged", "Files that the last run found unchanged.", self.unchanged as f64),
            ("last_run_failures", "Failures of the last run.", self.failures.len() as f64),
        ];
        let mut text = String::new();
        for (name, help, value) in samples {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "# HELP oxftp_{name} {help}\n# TYPE oxftp_{name} gauge\noxftp_{name}{{command=\"{}\"}} {value}",
                self.verb
            );
        }
        text
    }
}

/// One line, such as `get: 3 files in 1 directory, 17 B in 0.01 s, 1.4 KiB/s, 1 failure`.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = count(self.files, "file", "files");
        match self.dry_run {
            true => write!(f, "{}: would transfer {files}", self.verb)?,
            false => write!(f, "{}: {files}", self.verb)?,
        }
        if self.directories > 0 {
            write!(f, ", {} created", count(self.directories, "directory", "directories"))?;
        }
        if !self.dry_run {
            write!(f, ", {}", Throughput { bytes: self.bytes, elapsed: self.elapsed })?;
        }
        if self.deleted > 0 {
            write!(f, ", {}", count(self.deleted, "deletion", "deletions"))?;
        }
        if self.unchanged > 0 {
            write!(f, ", {} unchanged", self.unchanged)?;
        }
        match (self.failures.len() as u64, self.exit) {
            (0, 0) => Ok(()),
            (0, 130) => f.write_str(", interrupted"),
            (0, exit) => write!(f, ", exit code {exit}"),
            (failures, _) => write!(f, ", {}", count(failures, "failure", "failures")),
        }
    }
}

fn seconds<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> Totals {
        Totals {
            verb: "mirror",
            ended: "2024-05-01T12:00:00.500Z".to_owned(),
            elapsed: Duration::from_millis(500),
            files: 2,
            bytes: 1024,
            deleted: 1,
            failures: vec![FailedName { name: "a".to_owned(), message: "550".to_owned() }],
            exit: 1,
            ..Totals::default()
        }
    }

    #[test]
    fn summary_names_what_happened() {
        assert_eq!(
            totals().to_string(),
            "mirror: 2 files, 1.0 KiB in 0.50 s, 2.0 KiB/s, 1 deletion, 1 failure"
        );
        let interrupted = Totals { failures: Vec::new(), exit: 130, ..totals() };
        assert!(interrupted.to_string().ends_with("1 deletion, interrupted"), "{interrupted}");
    }

    #[test]
    fn metrics_have_help_and_type() {
        let text = totals().metrics();
        assert!(text.contains("oxftp_last_run_timestamp_seconds{command=\"mirror\"} 1714564800\n"), "{text}");
        assert!(
            text.contains(
                "# TYPE oxftp_last_run_bytes gauge\noxftp_last_run_bytes{command=\"mirror\"} 1024\n"
            )
        );
        assert_eq!(text.lines().count(), 27);
    }
}
