//! Walking through a listing: entries are handled while they arrive, what fails in a tree is named,
//! and the rest goes on.

use std::pin::pin;

use futures_util::future::poll_immediate;
use oxftp::{Entries, FtpUrl, PathEntry};

use crate::{
    app::App,
    failure::{Exit, Failure, Result},
    output::Output,
    terminal::warn,
};

/// What came of a walk.
pub(super) struct Walked {
    /// Nothing was listed, for this reason if there is one.
    pub(super) nothing: bool,
    pub(super) failure: Option<oxftp::Error>,
    /// How the first of what failed would end the program; all of it was named.
    failed: Option<Exit>,
}

impl Walked {
    /// Gives what the walk through a tree came to.
    pub(super) fn of_tree(&self) -> Result {
        self.failed.map_or(Ok(()), |_| Err(Failure::Named(Exit::SomeFailed)))
    }

    /// Gives what the walk through one directory came to: what broke it off is all that failed.
    pub(super) fn of_directory(&self) -> Result {
        self.failed.map_or(Ok(()), |exit| Err(Failure::Named(exit)))
    }

    fn fail(&mut self, failure: &Failure, app: &App) {
        app.terminal.failure(failure);
        self.nothing = false;
        self.failed = self.failed.or(failure.exit());
    }
}

/// Hands each entry to `each`.
pub(super) async fn walk(
    mut entries: Entries<'_>,
    (url, app): (&FtpUrl, &App),
    output: &mut Output,
    mut each: impl AsyncFnMut(&PathEntry, &mut Output) -> Result,
) -> Result<Walked> {
    let mut walked = Walked { nothing: true, failure: None, failed: None };
    while let Some(found) = next(&mut entries, output).await? {
        match found {
            Ok(found) => {
                each(&found, output).await?;
                walked.nothing = false;
            }
            Err(error) if walked.nothing => {
                walked.failure = Some(error);
                return Ok(walked);
            }
            Err(error) => {
                output.flush().await?;
                walked.fail(&Failure::about(url, error), app);
            }
        }
    }
    for refused in entries.refused_names() {
        walked.fail(&Failure::about(url, refused.clone().into()), app);
        walked.failed = Some(Exit::SomeFailed);
    }
    if entries.is_cut() && walked.nothing {
        // vsftpd says so of what is not there.
        walked.failure = Some(oxftp::Error::ListingCut);
    } else if entries.is_cut() {
        output.flush().await?;
        walked.fail(&Failure::about(url, oxftp::Error::ListingCut), app);
    }
    if let Some(sample) = entries.unparsed_samples().first() {
        output.flush().await?;
        if walked.nothing {
            let sample = String::from_utf8_lossy(sample).into_owned();
            let error = oxftp::Error::Unexplained { count: entries.unparsed(), sample };
            walked.fail(&Failure::about(url, error), app);
        } else {
            name_unparsed(&entries, url);
        }
    }
    Ok(walked)
}

/// Says which lines of the listing were not understood: they may be files that nobody saw.
fn name_unparsed(entries: &Entries<'_>, url: &FtpUrl) {
    let (count, samples) = (entries.unparsed(), entries.unparsed_samples());
    let lines = if count == 1 { "line" } else { "lines" };
    warn(format_args!("{url}: {count} {lines} of the listing not understood:"));
    for sample in samples {
        warn(format_args!("  {}", String::from_utf8_lossy(sample)));
    }
}

/// Gives the next entry; what is gathered is written before there is anything to wait for.
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

/// Gives the path as seen from the listed directory.
pub(super) fn below<'p>(path: &'p [u8], root: &[u8]) -> &'p [u8] {
    let rest = path.strip_prefix(root).unwrap_or(path);
    rest.strip_prefix(b"/").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_listed_directory() {
        assert_eq!(below(b"pub/a/b", b"pub"), b"a/b");
        assert_eq!(below(b"pub/a", b"pub/"), b"a");
        assert_eq!(below(b"/a", b"/"), b"a");
        assert_eq!(below(b"a/b", b""), b"a/b");
    }
}
