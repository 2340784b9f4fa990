//! Removal of files and trees on the server.

use std::collections::VecDeque;

use oxftp_proto::RemotePath;

use crate::{
    Client, Error, PathEntry, Pool, Report, Result,
    client::check_removable,
    list::{AncestorChain, CycleDetector, ListingBudget, ListingFingerprint},
    pool::RECONNECTS,
};

impl Pool {
    /// Removes a path as [`Client::remove_dir_all`] does, over one session, which is opened again when it is lost.
    ///
    /// The removal continues where it was, after at most two attempts for each file and directory.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.remove_dir_all("old").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::remove_dir_all`].
    pub async fn remove_dir_all(&self, path: impl Into<RemotePath>) -> Result<Report> {
        let mut session = self.client().await?;
        session.reconnecting(RECONNECTS).remove_dir_all(path).await
    }
}

impl Client {
    /// Removes a file, a symbolic link, or a directory with everything in it (`DELE`, `RMD`, `MLSD` or `LIST`).
    /// Symbolic links are removed, never followed. A path that does not exist is not an error.
    ///
    /// In a tree, one failure does not stop the others.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let report = client.remove_dir_all("old").await?;
    /// println!("{} files and {} directories were removed", report.files, report.directories);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PartialFailure`] when something in a tree cannot be removed, [`Error::Stopped`] when the
    /// connection was lost meanwhile; for a single file its own [`Error::StatusCode`]. [`Error::NothingToRemove`] for a
    /// path that names no entry of a directory, such as the empty path, `/`, `.` or `a/..`: nothing is sent.
    pub async fn remove_dir_all(&mut self, path: impl Into<RemotePath>) -> Result<Report> {
        let path = path.into();
        check_removable(&path)?;
        let entry = match self.metadata(&path).await {
            Ok(entry) => entry,
            Err(error) if error.is_not_found() => return Ok(Report::default()),
            Err(error) => return Err(error),
        };
        if !entry.is_dir() {
            self.remove_file(&path).await?;
            return Ok(Report { files: 1, ..Report::default() });
        }
        self.remove_tree(path).await
    }

    /// Removes the files of a tree and then, the deepest first, its directories.
    async fn remove_tree(&mut self, root: RemotePath) -> Result<Report> {
        let mut report = Report::default();
        let (max_depth, max_directories) = (self.limits().directory_depth, self.limits().tree_directories);
        let cycles = CycleDetector::new(self.limits());
        let mut queue = VecDeque::from([(root, 0, AncestorChain::default())]);
        // Each comes before its subdirectories.
        let mut emptied = Vec::new();
        while let Some((directory, depth, ancestors)) = queue.pop_front() {
            emptied.push(directory.clone());
            let entries = match self.removable(&directory, &mut report).await {
                Ok(entries) => entries,
                Err(error) => {
                    report.note(directory.to_string(), error);
                    if let Err(lost) = self.check_usable() {
                        return Err(report.stopped(lost));
                    }
                    continue;
                }
            };
            let listing = ListingFingerprint::of(entries.iter().map(PathEntry::entry));
            let Some(parent) = cycles.check(&ancestors, &listing) else {
                return Err(report.stopped(Error::CyclicTree { path: directory.to_string() }));
            };
            let mut below = Vec::new();
            for entry in entries {
                if entry.is_dir() {
                    if depth == max_depth {
                        return Err(Error::Limit { what: "levels of directories", limit: max_depth });
                    }
                    if emptied.len() + queue.len() + below.len() > max_directories {
                        return Err(Error::Limit { what: "directories in a tree", limit: max_directories });
                    }
                    below.push((entry.path(), depth + 1, AncestorChain::of(&entry).with_parent(&parent)));
                    continue;
                }
                match self.remove_listed_file(&entry.path()).await {
                    Ok(()) => report.files += 1,
                    Err(error) => report.note(entry.path().to_string(), error),
                }
                if let Err(lost) = self.check_usable() {
                    return Err(report.stopped(lost));
                }
            }
            match parent.is_suspect() {
                true => below.into_iter().rev().for_each(|first| queue.push_front(first)),
                false => queue.extend(below),
            }
        }
        for directory in emptied.into_iter().rev() {
            match self.remove_listed_dir(&directory).await {
                Ok(()) => report.directories += 1,
                Err(error) => report.note(directory.to_string(), error),
            }
            if let Err(lost) = self.check_usable() {
                return Err(report.stopped(lost));
            }
        }
        report.into_result()
    }

    /// Lists a directory; invalid names, which are not removed, are noted as failures.
    async fn removable(&mut self, directory: &RemotePath, report: &mut Report) -> Result<Vec<PathEntry>> {
        let mut budget = ListingBudget::new(self.limits());
        let mut listing = self.list(directory).stream();
        let mut entries = Vec::new();
        while let Some(entry) = listing.next().await {
            let entry = entry?;
            budget.take_entry(&entry)?;
            entries.push(entry);
        }
        for refused in listing.invalid_names() {
            report.note(directory.to_string(), refused.clone().into());
        }
        Ok(entries)
    }
}
