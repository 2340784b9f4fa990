//! Log file: a line for each file.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use oxftp::escape;

use crate::{
    clock,
    failure::{Failure, Result},
};

/// A log that several runs may append to at the same time: each line is one write to a file opened for appending.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    verb: &'static str,
    /// The first error; no line follows it.
    error: Option<io::Error>,
}

/// Result of one file.
#[derive(Debug, Clone, Copy)]
pub(super) enum FileResult<'r> {
    Done { bytes: u64, elapsed: Duration },
    Deleted,
    Failed { bytes: u64, elapsed: Duration, message: &'r str },
}

impl LogFile {
    pub(super) fn open(path: &Path, verb: &'static str) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, verb, error: None })
    }

    pub(super) fn write(&mut self, result: FileResult<'_>, name: &str) {
        if self.error.is_none() {
            let line = line(&clock::now(), self.verb, result, name);
            self.error = self.file.write_all(line.as_bytes()).err();
        }
    }

    /// Fails if a line could not be written.
    pub(super) fn finish(self) -> Result {
        match self.error {
            Some(error) => Err(Failure::local(format!("cannot write the log {:?}", self.path), error)),
            None => Ok(()),
        }
    }
}

/// Formats a line. Names and messages are escaped: they contain no tab and no line break.
fn line(time: &str, verb: &str, result: FileResult<'_>, name: &str) -> String {
    let (what, bytes, elapsed, message) = match result {
        FileResult::Done { bytes, elapsed } => ("done", bytes, elapsed, None),
        FileResult::Deleted => ("deleted", 0, Duration::ZERO, None),
        FileResult::Failed { bytes, elapsed, message } => ("failed", bytes, elapsed, Some(message)),
    };
    let seconds = elapsed.as_secs_f64();
    let message = message.map(|message| format!("\t{}", escape(message))).unwrap_or_default();
    format!("{time}\t{verb}\t{what}\t{bytes}\t{seconds:.3}\t{}{message}\n", escape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_line_has_one_field_per_tab() {
        let done = FileResult::Done { bytes: 5, elapsed: Duration::from_millis(1500) };
        assert_eq!(line("T", "get", done, "a b.txt"), "T\tget\tdone\t5\t1.500\ta b.txt\n");
        let failed = FileResult::Failed { bytes: 0, elapsed: Duration::ZERO, message: "550\tno\n" };
        let shown = line("T", "put", failed, "a\tb\nc");
        assert_eq!((shown.matches('\t').count(), shown.matches('\n').count()), (6, 1), "{shown:?}");
        assert_eq!(line("T", "mirror", FileResult::Deleted, "x"), "T\tmirror\tdeleted\t0\t0.000\tx\n");
    }
}
