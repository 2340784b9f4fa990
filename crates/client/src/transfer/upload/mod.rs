//! Uploads of files and trees.

pub(crate) mod file;
pub(crate) mod record;
mod stored;
pub(crate) mod tree;

use std::{
    future::IntoFuture,
    path::{Path, PathBuf},
};

use oxftp_proto::RemotePath;

use self::{
    file::UploadOptions,
    tree::{LocalDirectory, LocalFile, TreeUpload, candidate},
};
use super::{
    backup::Backups,
    local_path::remote_name,
    options::{
        Choice, Existing, FileOptions, JobOptions, Order, Verify, choice_setters, file_setters, job_setters,
    },
    scheduler::{
        Scheduler,
        admission::AdmissionGate,
        retry::{RetryBudget, retrying},
        worker::Worker,
    },
    symlink::Links,
};
use crate::{
    Candidate, Client, Error, Pool, Report, Result, Selection, deadline::Deadline,
    error::local_fs::LocalFsError, future::BoxFuture,
};

impl Client {
    /// Uploads a file, or a directory with everything in it (`STOR`, `MKD`).
    ///
    /// The source is put *into* the destination directory, under its own name; with
    /// [`write_into`](Upload::write_into) the destination *is* the new name. Missing directories of the
    /// destination are created.
    ///
    /// Symbolic links in a tree are not followed and not uploaded, and neither are other entries that are neither
    /// files nor directories; the error names them. In a tree, one failure does not stop the others.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("site").to("/www").await?; // /www/site/index.html
    /// client.upload("site").to("/www").write_into(true).await?; // /www/index.html
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PartialFailure`](crate::Error::PartialFailure) when files of a tree failed,
    /// [`Error::Stopped`](crate::Error::Stopped) when the connection was lost before the tree was complete; for a
    /// single file its own error, such as [`Error::LocalFs`](crate::Error::LocalFs) when it does not exist,
    /// [`Error::StatusCode`](crate::Error::StatusCode) when the server refuses it, or
    /// [`Error::Data`](crate::Error::Data).
    #[must_use = "nothing is uploaded until it is awaited"]
    pub fn upload(&mut self, source: impl Into<PathBuf>) -> Upload<'_> {
        Upload::new(Worker::Own(self), source.into())
    }
}

impl Pool {
    /// Uploads as [`Client::upload`] does, the files of a tree over as many sessions as the pool has.
    ///
    /// A directory is created once, before anything in it is uploaded. A transient failure, such as a lost
    /// connection, is [retried](Upload::retries), on a new session if necessary: a file is continued after the bytes
    /// that earlier attempts stored.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let report = pool.upload("site").to("/www").write_into(true).retries(5).await?;
    /// println!("{} files in {} directories", report.files, report.directories);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Client::upload`] and [`Pool::client`]; [`Error::Stopped`](crate::Error::Stopped) when
    /// a tree was started and no session is available any more.
    #[must_use = "nothing is uploaded until it is awaited"]
    pub fn upload(&self, source: impl Into<PathBuf>) -> Upload<'_> {
        Upload::new(Worker::of(self), source.into())
    }
}

/// An upload that is not started yet; awaiting it runs it.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.upload("site").to("/www").write_into(true).preserve_times(true).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Upload<'c> {
    worker: Worker<'c>,
    source: PathBuf,
    destination: RemotePath,
    write_into: bool,
    upload: UploadOptions,
    choice: Choice,
    file: FileOptions,
    job: JobOptions,
}

impl<'c> Upload<'c> {
    fn new(worker: Worker<'c>, source: PathBuf) -> Self {
        Self {
            job: worker.default_options(),
            worker,
            source,
            destination: RemotePath::default(),
            write_into: false,
            upload: UploadOptions { checks_name: true, checks_listed_size: true, ..UploadOptions::default() },
            choice: Choice::default(),
            file: FileOptions::default(),
        }
    }

    /// Sets the destination on the server. Defaults to the working directory.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("site").to("/www").await?; // /www/site
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to(mut self, destination: impl Into<RemotePath>) -> Self {
        self.destination = destination.into();
        self
    }

    /// Makes the destination the new name of the source. Defaults to false: the source is put into
    /// the destination.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("site").to("/www").write_into(true).await?; // /www
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn write_into(mut self, write_into: bool) -> Self {
        self.write_into = write_into;
        self
    }

    /// Sets the path that the source gets on the server: short for [`to`](Self::to) and
    /// [`write_into(true)`](Self::write_into). A directory becomes a directory of this name.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("index.html").to_file("/www/start.html").await?; // /www/start.html
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_file(self, path: impl Into<RemotePath>) -> Self {
        self.to(path).write_into(true)
    }

    /// Sets the directory on the server into which the source is put under its own name: short for [`to`](Self::to) and
    /// [`write_into(false)`](Self::write_into).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("index.html").into_dir("/www").await?; // /www/index.html
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_dir(self, directory: impl Into<RemotePath>) -> Self {
        self.to(directory).write_into(false)
    }

    /// Stores each file under a temporary name, and renames it once it is complete and [verified](Self::verify)
    /// (`RNFR`, `RNTO`). Until then an older file of that name stays unchanged. The temporary name is the name, eight
    /// random digits and [`PART_SUFFIX`](crate::PART_SUFFIX): of several clients that upload to one name at the same
    /// time, the last one to rename wins with its whole file.
    ///
    /// Defaults to false. A rename takes two more commands for each file, and requires a permission that servers often
    /// do not grant in upload-only directories. A replaced file gets the owner and permissions of a new file.
    ///
    /// When the server refuses to replace a file by a rename, that file is deleted first (`DELE`). When it refuses
    /// to rename at all, each file is [`Error::NotRenamed`](crate::Error::NotRenamed). An interrupted upload leaves
    /// its partial file, which [`resume`](Self::resume) continues if there is a
    /// [record](crate::ClientBuilder::upload_records) of it; a partial file with a wrong hash is removed.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Verify;
    ///
    /// client.upload("index.html").to("/www").temporary(true).verify(Verify::Size).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn temporary(mut self, temporary: bool) -> Self {
        self.upload.temporary = temporary;
        self
    }

    /// Asks the server to reserve space for each file before the upload (`ALLO`), which costs a round trip. Defaults
    /// to false: hardly any server needs it (see [`Client::allocate`]).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("image.iso").allocate(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn allocate(mut self, allocate: bool) -> Self {
        self.upload.allocate = allocate;
        self
    }

    /// Sets which files and directories of a tree are transferred, and whether a single file is. Defaults to all.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Selection;
    ///
    /// let pages = Selection::new(|found| found.is_dir || found.path.ends_with(".html"));
    /// client.upload("site").select(pages).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.choice.selection = Some(selection);
        self
    }

    choice_setters! {
        /// Sets what happens to files whose names exist at the destination. Defaults to [`Existing::Replace`](crate::Existing::Replace).
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").existing(oxftp::Existing::Keep).await?;
        /// # Ok(())
        /// # }
        /// ```
        existing: Existing;

        /// Keeps each file on the server that is replaced. Each file is then stored under a [temporary](Self::temporary) name,
        /// and the older one is moved to its backup (`RNFR`, `RNTO`) just before it gets its final name. Defaults to `None`.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// use oxftp::Backup;
        ///
        /// client.upload("site").backup(Backup::new().suffix("~")).await?;
        /// # Ok(())
        /// # }
        /// ```
        backup: impl Into<Option<Backup>>;

        /// Sets whether each source file is removed when its copy is complete and verified. Directories are kept, and so are
        /// files that were left out. Defaults to `false`.
        ///
        /// A file that changed during its upload is kept, as a failure.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("outgoing").remove_source(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        remove_source: bool;

        /// Moves each source file into this directory when its copy is complete and verified, instead of
        /// [removing](Self::remove_source) it: under its path relative to the directory that contains the source. The
        /// directory is relative to that one, or absolute, and is created. A file that it has already is kept: the source stays
        /// in its place, as a failure. What is in the directory is not transferred. Defaults to `None`.
        ///
        /// It is renamed on this machine.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("outgoing").move_source("sent".to_owned()).await?;
        /// # Ok(())
        /// # }
        /// ```
        move_source: impl Into<Option<String>>;

        /// Sets the treatment of symbolic links in a tree. By default each is a failure
        /// ([`Error::Skipped`](crate::Error::Skipped)).
        ///
        /// [`Links::Copy`](crate::Links::Copy) is [`Error::Unsupported`](crate::Error::Unsupported): FTP has no command that creates them.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").links(oxftp::Links::Follow).await?;
        /// # Ok(())
        /// # }
        /// ```
        links: Links;
    }

    /// Sets whether special files, such as devices, FIFOs and sockets, are left out, and symbolic links to nothing too
    /// where links are [followed](crate::Links::Follow). By default each is a failure
    /// ([`Error::Skipped`](crate::Error::Skipped)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("site").skip_special_files(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn skip_special_files(mut self, skip: bool) -> Self {
        self.choice.skips_special = skip;
        self
    }

    file_setters! {
        /// Resumes after the bytes that the server has already (`SIZE`, then `REST` and `STOR`, or `APPE`), and sends
        /// nothing if it has the whole file. Defaults to false.
        ///
        /// A file on the server is resumed only if it is a part of the same file. After an interrupted upload that
        /// was [recorded](crate::ClientBuilder::upload_records), with the size, time and inode of the local file, its
        /// last 64 KiB are read back and compared (`REST`, `RETR`). Without a record all of it is compared: by hash,
        /// if the server computes hashes, else by reading it back. A file that was stored more than 10 seconds after
        /// the last change of the local one and has its size and its last 64 KiB counts as whole.
        ///
        /// In all other cases, for files of up to 64 KiB, and when the server refuses or ignores the offset, the whole
        /// file is sent, and a warning is logged. The size is always compared after an upload that was resumed.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").resume(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        resume: bool;

        /// Sets the modification times of the files on the server to those of the local files, to the second, where
        /// the server supports that (see [`Client::set_modified`]). Defaults to false.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").preserve_times(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        preserve_times: bool;

        /// Sets the permissions of the files on the server to those of the local files (`SITE CHMOD`), without the
        /// set-user-ID, set-group-ID and sticky bits. Defaults to false: the server decides.
        ///
        /// A refusal of the server is logged as a warning.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").preserve_mode(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        preserve_mode: bool;

        /// Sets the permissions of the transferred files, independent of their sources. Defaults to `None`.
        ///
        /// On a server it is `SITE CHMOD`, and a refusal is logged as a warning.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").file_mode(Some(0o644)).await?;
        /// # Ok(())
        /// # }
        /// ```
        file_mode: Option<u32>;

        /// Sets the permissions of the directories that are created in a tree. Existing ones keep theirs. They must let
        /// the user write. Defaults to `None`.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").dir_mode(Some(0o755)).await?;
        /// # Ok(())
        /// # }
        /// ```
        dir_mode: Option<u32>;

        /// Uploads text (`TYPE A`): the line ends of this system are converted to those of the wire, and by the
        /// server to its own (see [`AsciiWriter`](crate::AsciiWriter)). Defaults to false: every byte stays
        /// unchanged.
        ///
        /// Together with [`resume`](Self::resume) or [`verify`](Self::verify) it is
        /// [`Error::Incompatible`](crate::Error::Incompatible).
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").ascii(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        ascii: bool;

        /// Compares each file with the server's once it is stored (`SIZE`, `HASH` and similar commands). Defaults to
        /// [`Verify::Auto`]: by size, where the server reports it (`SIZE`, or else the listing of the directory).
        ///
        /// A difference is an error ([`Error::UploadMismatch`](crate::Error::UploadMismatch)); the file on the server
        /// stays unchanged. It is also an error, but not by default, if the server does not report the size or hash
        /// of a file. With [`temporary`](Self::temporary) such a file never gets its final name.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").verify(oxftp::Verify::Size).await?;
        /// # Ok(())
        /// # }
        /// ```
        verify: Verify;

        /// Sets how many bytes are moved at once, between 64 KiB and 4 MiB. Defaults to 256 KiB.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.upload("site").block_size(1 << 20).await?;
        /// # Ok(())
        /// # }
        /// ```
        block_size: usize;
    }

    job_setters!();

    async fn run(mut self) -> Result<Report> {
        self.file.check()?;
        if self.choice.links == Some(Links::Copy) {
            return Err(Error::Unsupported { what: "command to create symbolic links" });
        }
        let deadline = Deadline::start(self.job.deadline);
        self.upload.temporary |= self.choice.backup.is_some();
        let base = self.destination.clone();
        let (is_tree, target) = deadline.run("the upload", self.prepare()).await?;
        let base = match self.write_into && !is_tree {
            true => target.parent().unwrap_or_default(),
            false => base,
        };
        let config = self.worker.config();
        let handler = TreeUpload {
            fs: config.file_system.clone(),
            options: self.file.clone(),
            upload: self.upload,
            backups: self.choice.backup.take().map(|backup| Backups::new(backup, base)),
            choice: self.choice.clone(),
            sources: self
                .choice
                .source
                .below(self.source.parent().unwrap_or(Path::new("")).to_owned(), self.job.retries),
            encoding: config.encoding,
            limits: config.limits.clone(),
            needs_sizes: matches!(self.job.order, Order::LargestFirst | Order::SmallestFirst),
        };
        if is_tree {
            let root = LocalDirectory {
                local: self.source,
                remote: target,
                depth: 0,
                symlinks: 0,
                relative: String::new(),
            };
            let admission = AdmissionGate::new(&self.job, self.worker.pool());
            let workers = self.worker.with_siblings();
            let scheduler = Scheduler::new(handler, &self.job, admission, workers.len());
            return scheduler.run_tree(root, workers, deadline).await;
        }
        if !self.takes(&target).await? {
            return Ok(Report::default());
        }
        let file = LocalFile { local: self.source, remote: target, size: None };
        let admission = AdmissionGate::of_all(&*self.job.progress);
        Scheduler::new(handler, &self.job, admission, 1).run_file(file, self.worker, deadline).await
    }

    /// Finds out whether the source is a tree, and its target; creates the parent directory of a single file.
    /// Returns whether a single file is transferred.
    async fn takes(&mut self, target: &RemotePath) -> Result<bool> {
        if self.choice.selection.is_none() && self.choice.existing == Existing::Replace {
            return Ok(true);
        }
        let found = self.worker.config().file_system.metadata(&self.source).await?;
        let name = self.source.file_name().unwrap_or_default().to_string_lossy();
        if !self.choice.accepts(&Candidate { path: &name, ..candidate(&found) }) {
            return Ok(false);
        }
        if self.choice.existing == Existing::Replace {
            return Ok(true);
        }
        let budget = RetryBudget::new(self.job.retries);
        let exists = retrying!(&mut self.worker, budget, |client| client.try_exists(target).await)?;
        Ok(self.choice.existing.allows(exists))
    }

    async fn prepare(&mut self) -> Result<(bool, RemotePath)> {
        let (fs, encoding) = (self.worker.config().file_system.clone(), self.worker.config().encoding);
        let destination = std::mem::take(&mut self.destination);
        let target = match self.write_into {
            true => destination,
            false => destination.join_in(&remote_name(&self.source)?, encoding),
        };
        if fs.is_dir(&self.source).await? {
            return Ok((true, target));
        }
        if !fs.try_exists(&self.source).await? {
            let missing =
                std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such file or directory");
            return Err(LocalFsError::new("open", &self.source, missing).into());
        }
        let parent = target.parent().filter(|parent| !parent.is_empty() && parent.file_name().is_some());
        if let Some(parent) = &parent {
            let budget = RetryBudget::new(self.job.retries);
            retrying!(&mut self.worker, budget, |client| make_if_missing(client, parent).await)?;
        }
        Ok((false, target))
    }
}

async fn make_if_missing(client: &mut Client, directory: &RemotePath) -> Result<()> {
    match client.is_directory_by_entering(directory).await? {
        true => Ok(()),
        false => client.create_dir_all(directory).await,
    }
}

impl<'c> IntoFuture for Upload<'c> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let source = self.source.display();
        let host = self.worker.host();
        let span = crate::trace::span!("upload", host, path = source, target = self.destination);
        Box::pin(crate::trace::traced(span, Box::pin(self.run())))
    }
}
