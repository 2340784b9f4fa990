//! Copy of one file from one server to another, or to another place on the same server.

use std::{future::IntoFuture, sync::Arc};

use oxftp_proto::RemotePath;

use super::{
    final_name::rename_into_place,
    options::Verify,
    partial_name::{new_token, remote_partial_path},
    preserve::exact_time,
    scheduler::{
        retry::{RetryBudget, retrying},
        worker::Worker,
    },
    server_to_server::{ServerFile, copy_through_client, set_modified, verify},
    stored_name::{check_copy, listed_size},
};
use crate::{
    Client, Error, Pool, Progress, ProgressEvent, Report, Result, client::FollowUp, future::BoxFuture,
    progress::Silent,
};

impl Pool {
    /// Copies a file of this server to a path on another server, or to another path on this one, through this machine
    /// (`RETR`, `STOR`). Its bytes are not stored on this machine.
    ///
    /// The copy has a temporary name until it is complete and verified (`RNFR`, `RNTO`); until then a file that
    /// exists at the target stays unchanged. It gets the modification time of the source where the target supports
    /// that. If `other` is a clone of this pool, a second session is opened for the target.
    ///
    /// ```no_run
    /// # async fn example(old: &oxftp::Pool, new: &oxftp::Pool) -> oxftp::Result<()> {
    /// let report = old.copy("www/index.html", new, "www/index.html").await?;
    /// println!("{} bytes", report.bytes);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] or [`Error::StatusCode`] when a server refuses the path; [`Error::SizeMismatch`] when the copy has
    /// another size than the source; [`Error::NotRenamed`] when the copy is complete and cannot be renamed; the errors of
    /// [`Pool::client`], for either server.
    #[must_use = "nothing is copied until it is awaited"]
    pub fn copy(
        &self,
        source: impl Into<RemotePath>,
        other: &Self,
        target: impl Into<RemotePath>,
    ) -> ServerCopy<'_> {
        ServerCopy {
            // A job that holds a session and waits for another one of the same pool could wait forever.
            other: if self.is_same(other) { other.fork() } else { other.clone() },
            retries: Worker::of(self).default_options().retries,
            pool: self,
            source: source.into(),
            target: target.into(),
            verify: Verify::Auto,
            progress: Arc::new(Silent),
        }
    }
}

/// Builder of a [copy](Pool::copy). Awaiting it copies the file.
#[derive(Debug)]
pub struct ServerCopy<'p> {
    pool: &'p Pool,
    other: Pool,
    source: RemotePath,
    target: RemotePath,
    verify: Verify,
    retries: u32,
    progress: Arc<dyn Progress>,
}

impl<'p> ServerCopy<'p> {
    /// Sets how the copy is verified before it gets its final name. Defaults to [`Verify::Auto`]: its size is compared with
    /// that of the source, as `SIZE` or the listing of its directory shows it.
    ///
    /// ```no_run
    /// # async fn example(old: &oxftp::Pool, new: &oxftp::Pool) -> oxftp::Result<()> {
    /// old.copy("a.iso", new, "a.iso").verify(oxftp::Verify::Hash).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// Sets how often the copy is tried again after a temporary failure. Defaults to 2.
    ///
    /// ```no_run
    /// # async fn example(old: &oxftp::Pool, new: &oxftp::Pool) -> oxftp::Result<()> {
    /// old.copy("a.iso", new, "a.iso").retries(5).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the observer of the progress: a closure that takes [`ProgressEvent`]s, or another [`Progress`].
    ///
    /// ```no_run
    /// # async fn example(old: &oxftp::Pool, new: &oxftp::Pool) -> oxftp::Result<()> {
    /// use oxftp::ProgressEvent;
    ///
    /// let observer = |event: ProgressEvent<'_>| println!("{event:?}");
    /// old.copy("a.iso", new, "a.iso").progress(observer).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Arc::new(progress);
        self
    }

    async fn run(self) -> Result<Report> {
        let mut worker = Worker::of(self.pool);
        let name = &self.source.to_string();
        let copied = retrying!(&mut worker, RetryBudget::new(self.retries), |client| {
            let mut other = self.other.client().await?;
            let copied = self.copy(client, &mut other).await;
            if copied.is_err() && other.is_broken() {
                other.discard();
            }
            copied
        });
        match copied {
            Ok(bytes) => {
                self.progress.on_event(ProgressEvent::FileFinished { name });
                Ok(Report { files: 1, bytes, ..Report::default() })
            }
            Err(error) => {
                let error = Error::from(error);
                self.progress.on_event(ProgressEvent::FileFailed { name, error: &error });
                Err(error)
            }
        }
    }

    async fn copy(&self, from: &mut Client, to: &mut Client) -> Result<u64> {
        let size = match from.size_if_reported(&self.source).await? {
            None | Some(0) => listed_size(from, &self.source).await?,
            size => size,
        };
        let modified = exact_time(from, &self.source, None).await?;
        let temporary = remote_partial_path(&self.target, &new_token(), to.encoding())?;
        let stored = async {
            let mut source = ServerFile { client: from, path: self.source.clone() };
            let mut target = ServerFile { client: &mut *to, path: temporary.clone() };
            let bytes =
                copy_through_client(&mut source, &mut target, size, FollowUp::Nothing, &*self.progress)
                    .await?;
            if verify(self.verify, &mut source, &mut target, bytes).await? {
                check_copy(target.client, &temporary, bytes).await?;
            }
            set_modified(&mut target, modified).await?;
            Ok(bytes)
        };
        let stored: Result<u64> = stored.await;
        if stored.is_err() && !to.is_broken() {
            // The copy cannot be resumed.
            let _ = to.remove_file(&temporary).await;
        }
        let bytes = stored?;
        rename_into_place(to, &temporary, &self.target, None).await?;
        Ok(bytes)
    }
}

impl<'p> IntoFuture for ServerCopy<'p> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'p, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
