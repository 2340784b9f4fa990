//! Options of transfers: those of each file, those of a job, and the setters of both.

use std::{sync::Arc, time::Duration};

use super::{backup::Backup, source_removal::SourceRemoval, symlink::Links};
use crate::{Candidate, Error, Progress, Result, Selection, progress::Silent};

/// Options for the transfer of each file: what is preserved and checked.
#[derive(Debug, Clone)]
pub(crate) struct FileOptions {
    pub(crate) resume: bool,
    /// Transfers text (`TYPE A`).
    pub(crate) ascii: bool,
    pub(crate) preserve_times: bool,
    pub(crate) preserve_mode: bool,
    /// Permissions of transferred files, in place of those of their sources.
    pub(crate) file_mode: Option<u32>,
    /// Permissions of created directories.
    pub(crate) dir_mode: Option<u32>,
    pub(crate) verify: Verify,
    /// Waits until a downloaded file has reached the disk.
    pub(crate) sync: bool,
    /// The block size as the user set it; see [`FileOptions::block`].
    pub(crate) block_size: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            resume: false,
            ascii: false,
            preserve_times: false,
            preserve_mode: false,
            file_mode: None,
            dir_mode: None,
            verify: Verify::default(),
            sync: false,
            block_size: BLOCK_SIZE,
        }
    }
}

impl FileOptions {
    /// Returns how many bytes are moved at once.
    pub(crate) fn block(&self) -> usize {
        self.block_size.clamp(MIN_BLOCK, MAX_BLOCK)
    }

    /// Returns whether the permissions of files are set after their transfer.
    pub(crate) fn sets_mode(&self) -> bool {
        self.preserve_mode || self.file_mode.is_some()
    }

    /// Fails when options exclude each other: text has another length and hash on each side.
    pub(crate) fn check(&self) -> Result<()> {
        let what = "text (ascii)";
        match (self.ascii, self.resume, self.verify) {
            (true, true, _) => Err(Error::Incompatible { what, with: "resuming" }),
            (true, _, Verify::Size | Verify::Hash | Verify::Content) => {
                Err(Error::Incompatible { what, with: "verifying" })
            }
            _ => Ok(()),
        }
    }
}

/// The files of a transfer, and the treatment of their sources.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    pub(crate) selection: Option<Selection>,
    pub(crate) existing: Existing,
    /// Backups of the files that are replaced.
    pub(crate) backup: Option<Backup>,
    pub(crate) source: SourceRemoval,
    /// Handling of symbolic links; `None` makes each a failure.
    pub(crate) links: Option<Links>,
    /// Leaves out what is neither a file, a directory nor a symbolic link; otherwise each is a failure.
    pub(crate) skips_special: bool,
}

impl Choice {
    pub(crate) fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        self.selection.as_ref().is_none_or(|selection| selection.accepts(candidate))
    }

    /// Returns whether a directory is created only when it is to contain a file.
    pub(crate) fn leaves_out_empty(&self) -> bool {
        self.selection.as_ref().is_some_and(Selection::leaves_out_empty)
    }
}

/// Returns a path relative to the root of a job.
pub(crate) fn relative_path(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// The treatment of a file whose name exists at the destination already, and of one whose name does not.
///
/// A file that is left out is neither transferred nor reported.
///
/// ```no_run
/// use oxftp::Existing;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.download("photos").existing(Existing::Keep).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Existing {
    /// Replaces it.
    #[default]
    Replace,
    /// Keeps it, independent of its size and time.
    Keep,
    /// Replaces it, and leaves out the files that are not there.
    Only,
}

impl Existing {
    /// Returns whether a file is transferred.
    pub(crate) fn allows(self, exists: bool) -> bool {
        match self {
            Self::Replace => true,
            Self::Keep => !exists,
            Self::Only => exists,
        }
    }
}

/// Options for running a job of many files.
#[derive(Debug, Clone)]
pub(crate) struct JobOptions {
    pub(crate) order: Order,
    pub(crate) connections: Connections,
    pub(crate) retries: u32,
    pub(crate) max_errors: Option<usize>,
    /// For the whole job.
    pub(crate) deadline: Option<Duration>,
    pub(crate) progress: Arc<dyn Progress>,
}

impl JobOptions {
    /// Creates the defaults with this number of retries and this deadline.
    pub(crate) fn new(retries: u32, deadline: Option<Duration>) -> Self {
        Self {
            order: Order::default(),
            connections: Connections::default(),
            retries,
            max_errors: None,
            deadline,
            progress: Arc::new(Silent),
        }
    }
}

/// Order in which the files of a tree are transferred.
///
/// Orders other than [`AsFound`](Self::AsFound) list the tree first, at most 10,000 files of it, and then sort these files.
/// Over several connections, the file that is started first need not be finished first.
///
/// ```no_run
/// use oxftp::Order;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.download("photos").order(Order::LargestFirst).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Order {
    /// As listed, a directory before its subdirectories.
    #[default]
    AsFound,
    /// Large files first, those of unknown size last. The last files are short, so that no connection
    /// waits long for another.
    LargestFirst,
    /// Small files first, those of unknown size last. Most files are complete soon.
    SmallestFirst,
    /// By path, byte for byte.
    Name,
}

/// Key by which files are sorted; the smallest comes first.
pub(crate) type OrderKey = (u64, String, u64);

impl Order {
    /// Returns the key of the file that was found as the `number`th.
    pub(crate) fn key(self, size: Option<u64>, number: u64, name: impl FnOnce() -> String) -> OrderKey {
        match self {
            Self::AsFound => (0, String::new(), number),
            Self::LargestFirst => {
                (size.map_or(u64::MAX, |size| u64::MAX - 1 - size.min(u64::MAX - 1)), String::new(), number)
            }
            Self::SmallestFirst => (size.unwrap_or(u64::MAX), String::new(), number),
            Self::Name => (0, name(), number),
        }
    }

    /// Returns whether files wait until others are known.
    pub(crate) fn compares(self) -> bool {
        self != Self::AsFound
    }
}

/// Number of a pool's connections that a transfer uses.
///
/// A transfer over a single [`Client`](crate::Client) always uses one.
///
/// ```no_run
/// use oxftp::Connections;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.download("photos").connections(Connections::Auto).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Connections {
    /// As many as the pool has.
    #[default]
    All,
    /// As many as make it faster: the transfer starts with one connection, and adds more, up to the pool's
    /// [size](crate::Pool::size), while they increase the throughput.
    Auto,
}

/// The comparison of a file with the server's after the transfer.
///
/// ```no_run
/// use oxftp::Verify;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.upload("image.iso").verify(Verify::Hash).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Verify {
    /// By cheap checks: a download by the listed size, if there is one; an upload by `SIZE`, or by the listing of its
    /// directory if the server does not answer that. `SIZE` is sent together with the command that sets the
    /// [time](crate::Upload::preserve_times), if times are preserved.
    #[default]
    Auto,
    /// Not at all; a download is still compared with the listed size, where there was one.
    Nothing,
    /// By size (`SIZE`).
    Size,
    /// By the strongest hash that the server offers (see [`Client::hash`](crate::Client::hash)). Both sides
    /// have to read the whole file.
    Hash,
    /// By content: as [`Verify::Hash`] where the server computes hashes; elsewhere the file is downloaded again
    /// (`RETR`) after its transfer, and its SHA-256 compared.
    Content,
}

impl Verify {
    /// Returns whether both sides read the whole file again.
    pub(crate) fn reads_files(self) -> bool {
        matches!(self, Self::Hash | Self::Content)
    }
}

/// Writes a setter for each listed field of `file: FileOptions`, with its own documentation.
macro_rules! file_setters {
    ($($(#[$attribute:meta])* $option:ident: $kind:ty;)+) => {
        $(
            $(#[$attribute])*
            #[must_use]
            pub fn $option(mut self, $option: $kind) -> Self {
                self.file.$option = $option;
                self
            }
        )+
    };
}
pub(crate) use file_setters;

/// Writes the setters of `choice: Choice` that all builders have, with the documentation of each.
macro_rules! choice_setters {
    (
        $(#[$existing:meta])* existing: Existing;
        $(#[$backup:meta])* backup: impl Into<Option<Backup>>;
        $(#[$remove:meta])* remove_source: bool;
        $(#[$moved:meta])* move_source: impl Into<Option<String>>;
        $(#[$links:meta])* links: Links;
    ) => {
        $(#[$existing])*
        #[must_use]
        pub fn existing(mut self, existing: crate::Existing) -> Self {
            self.choice.existing = existing;
            self
        }

        $(#[$backup])*
        #[must_use]
        pub fn backup(mut self, backup: impl Into<Option<crate::Backup>>) -> Self {
            self.choice.backup = backup.into();
            self
        }

        $(#[$remove])*
        #[must_use]
        pub fn remove_source(mut self, remove: bool) -> Self {
            self.choice.source.set_delete(remove);
            self
        }

        $(#[$moved])*
        #[must_use]
        pub fn move_source(mut self, directory: impl Into<Option<String>>) -> Self {
            self.choice.source.set_move(directory.into());
            self
        }

        $(#[$links])*
        #[must_use]
        pub fn links(mut self, links: crate::Links) -> Self {
            self.choice.links = Some(links);
            self
        }
    };
}
pub(crate) use choice_setters;

/// Writes the setters of a builder that has a field `job: JobOptions`.
macro_rules! job_setters {
    () => {
        /// Sets the order in which the files of a tree are transferred. Defaults to
        /// [`Order::AsFound`](crate::Order::AsFound).
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.download("photos").order(oxftp::Order::LargestFirst).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn order(mut self, order: crate::Order) -> Self {
            self.job.order = order;
            self
        }

        /// Sets how many of the pool's connections the files of a tree are transferred over. Defaults to
        /// [`Connections::All`](crate::Connections::All).
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.download("photos").connections(oxftp::Connections::Auto).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn connections(mut self, connections: crate::Connections) -> Self {
            self.job.connections = connections;
            self
        }

        /// Sets how many times a transient failure is retried, with exponential backoff starting at 250 ms.
        /// Defaults to 2 over a pool, and to 0 over a client, whose connection cannot be replaced.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.download("photos").retries(5).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn retries(mut self, retries: u32) -> Self {
            self.job.retries = retries;
            self
        }

        /// Stops after more than this many failures in a tree ([`Error::Stopped`](crate::Error::Stopped)): nothing more
        /// is started or deleted, but running transfers are completed. Defaults to no limit.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.download("photos").max_errors(10).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn max_errors(mut self, max_errors: usize) -> Self {
            self.job.max_errors = Some(max_errors);
            self
        }

        /// Sets a deadline for the whole operation ([`Error::Stopped`](crate::Error::Stopped) or
        /// [`Error::Timeout`](crate::Error::Timeout)). Defaults to
        /// [`Timeouts::total`](crate::Timeouts::total).
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.download("photos").deadline(std::time::Duration::from_secs(3600)).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.job.deadline = Some(deadline);
            self
        }

        /// Sets the observer that receives progress events: a [`Progress`](crate::Progress), one in an `Arc`, or a
        /// closure.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// use oxftp::ProgressEvent;
        ///
        /// pool.download("photos").progress(|event: ProgressEvent<'_>| println!("{event:?}")).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn progress(mut self, progress: impl crate::Progress + 'static) -> Self {
            self.job.progress = std::sync::Arc::new(progress);
            self
        }
    };
}
pub(crate) use job_setters;

/// The number of bytes that are moved at once by default.
pub(crate) const BLOCK_SIZE: usize = 256 * 1024;

/// The minimum size of a block, so that system calls are worthwhile.
pub(crate) const MIN_BLOCK: usize = 64 * 1024;

/// The largest block that is held in memory.
const MAX_BLOCK: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(order: Order) -> String {
        let files = [("b", Some(5)), ("a", Some(9)), ("d", None), ("c", Some(0)), ("e", Some(5))];
        let mut keys: Vec<_> = (0..)
            .zip(files)
            .map(|(number, (name, size))| (order.key(size, number, || name.to_owned()), name))
            .collect();
        keys.sort();
        keys.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn files_come_in_the_requested_order() {
        assert_eq!(sorted(Order::AsFound), "badce");
        assert_eq!(sorted(Order::LargestFirst), "abecd");
        assert_eq!(sorted(Order::SmallestFirst), "cbead");
        assert_eq!(sorted(Order::Name), "abcde");
    }
}
