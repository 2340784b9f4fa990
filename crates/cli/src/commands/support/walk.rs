//! Walk through a listing: entries are handled as they arrive, and failures in a tree are reported without stopping
//! the walk.

use std::pin::pin;

use futures_util::future::poll_immediate;
use oxftp::{Entries, FtpUrl, PathEntry};

use crate::{
    app::App,
    failure::{Exit, Failure, Result},
    output::Output,
    terminal::warn,
};

/// Outcome of a walk.
pub(crate) struct WalkOutcome {
    /// The listing had no entries; `failure` is the reason, if there is one.
    pub(crate) is_empty: bool,
    pub(crate) failure: Option<oxftp::Error>,
    /// Exit code of the first failure; all failures were reported.
    failed: Option<Exit>,
}

impl WalkOutcome {
    /// Returns the result of a walk through a tree.
    pub(crate) fn tree_result(&self) -> Result {
        self.failed.map_or(Ok(()), |_| Err(Failure::AlreadyReported(Exit::PartialFailure)))
    }

    /// Returns the result of listing one directory.
    pub(crate) fn directory_result(&self) -> Result {
        self.failed.map_or(Ok(()), |exit| Err(Failure::AlreadyReported(exit)))
    }

    fn fail(&mut self, failure: &Failure, app: &App) {
        app.terminal.failure(failure);
        self.is_empty = false;
        self.failed = self.failed.or(failure.exit());
    }
}

/// Calls `each` with every entry.
pub(crate) async fn walk(
    mut entries: Entries<'_>,
    url: &FtpUrl,
    app: &App,
    output: &mut Output,
    mut each: impl AsyncFnMut(&PathEntry, &mut Output) -> Result,
) -> Result<WalkOutcome> {
    let mut walked = WalkOutcome { is_empty: true, failure: None, failed: None };
    while let Some(found) = next(&mut entries, output).await? {
        match found {
            Ok(found) => {
                each(&found, output).await?;
                walked.is_empty = false;
            }
            Err(error) if walked.is_empty => {
                walked.failure = Some(error);
                return Ok(walked);
            }
            Err(error) => {
                output.flush().await?;
                walked.fail(&Failure::about(url, error), app);
            }
        }
    }
    for refused in entries.invalid_names() {
        walked.fail(&Failure::about(url, refused.clone().into()), app);
        walked.failed = Some(Exit::PartialFailure);
    }
    if entries.is_incomplete() && walked.is_empty {
        // vsftpd sends this for a missing directory.
        walked.failure = Some(oxftp::Error::IncompleteListing);
    } else if entries.is_incomplete() {
        output.flush().await?;
        walked.fail(&Failure::about(url, oxftp::Error::IncompleteListing), app);
    }
    if let Some(sample) = entries.unparsed_samples().first() {
        output.flush().await?;
        if walked.is_empty {
            let sample = String::from_utf8_lossy(sample).into_owned();
            let error = oxftp::Error::UnparsedListing { count: entries.unparsed(), sample };
            walked.fail(&Failure::about(url, error), app);
        } else {
            warn_about_unparsed(&entries, url);
        }
    }
    Ok(walked)
}

/// Warns about lines of the listing that were not understood: they may be files.
fn warn_about_unparsed(entries: &Entries<'_>, url: &FtpUrl) {
    let (count, samples) = (entries.unparsed(), entries.unparsed_samples());
    let lines = if count == 1 { "line" } else { "lines" };
    warn(format_args!("{url}: {count} {lines} of the listing not understood:"));
    for sample in samples {
        warn(format_args!("  {}", String::from_utf8_lossy(sample)));
    }
}

/// Returns the next entry; flushes the output before waiting for it.
async fn next(entries: &mut Entries<'_>, output: &mut Output) -> Result<Option<oxftp::Result<PathEntry>>> {
    let mut next = pin!(entries.next());
    match poll_immediate(&mut next).await {
        Some(found) => Ok(found),
        None => {
            output.flush().await?;
            Ok(next.await)
        }
    }
}

/// Returns the path relative to the listed directory.
pub(crate) fn relative_to<'p>(path: &'p [u8], root: &[u8]) -> &'p [u8] {
    let rest = path.strip_prefix(root).unwrap_or(path);
    rest.strip_prefix(b"/").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_listed_directory() {
        assert_eq!(relative_to(b"pub/a/b", b"pub"), b"a/b");
        assert_eq!(relative_to(b"pub/a", b"pub/"), b"a");
        assert_eq!(relative_to(b"/a", b"/"), b"a");
        assert_eq!(relative_to(b"a/b", b""), b"a/b");
    }
}
