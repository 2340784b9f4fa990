//! Writing, deleting and renaming objects.

use bytes::Bytes;
use oxftp::{Backoff, Client, Error, RemotePath};
use tokio::io::AsyncWriteExt;

use crate::{
    core::{Core, FIRST_PAUSE, RETRIES, repeating, retrying},
    create::under_lock,
    failure::{Failure, Result},
    names,
};

/// Effect on an existing object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Overwrite,
    Create,
}

impl Core {
    /// Stores an object; returns its etag.
    pub(crate) async fn put(
        &self,
        location: &str,
        chunks: &[Bytes],
        target: Target,
    ) -> Result<Option<String>> {
        match target {
            Target::Overwrite => Box::pin(self.store(location, chunks)).await,
            Target::Create => under_lock!(self, location, self.store(location, chunks).await),
        }
    }

    pub(crate) async fn store(&self, location: &str, chunks: &[Bytes]) -> Result<Option<String>> {
        let path = self.object_path(location)?;
        let temporary = self.temporary(location, &path);
        let stored = match Box::pin(self.store_at(&temporary, chunks)).await {
            // Perhaps its directory does not exist yet.
            Err(Error::StatusCode(refused)) if refused.info.code().class() == 5 => {
                self.create_directory_of(location).await?;
                Box::pin(self.store_at(&temporary, chunks)).await
            }
            stored => stored,
        };
        if let Err(error) = stored {
            self.discard(&temporary, &path).await;
            return Err(Failure::of(location, error));
        }
        Box::pin(self.publish(location, &temporary, &path)).await
    }

    /// Returns where an object is stored until it is complete.
    pub(crate) fn temporary(&self, location: &str, path: &RemotePath) -> RemotePath {
        if !self.settings.atomic {
            return path.clone();
        }
        self.path(&names::join(names::split(location).0, &oxftp::new_partial_name()))
    }

    async fn store_at(&self, path: &RemotePath, chunks: &[Bytes]) -> oxftp::Result<()> {
        retrying!(self, |session| store(session, path, chunks).await)
    }

    /// Renames a complete object to its name; returns its etag.
    pub(crate) async fn publish(
        &self,
        location: &str,
        temporary: &RemotePath,
        path: &RemotePath,
    ) -> Result<Option<String>> {
        if temporary != path
            && let Err(error) = self.replace(temporary, path).await
        {
            self.discard(temporary, path).await;
            return Err(Failure::of(location, error));
        }
        self.forget(location);
        Ok(self.stat(location).await?.etag)
    }

    /// Renames a file and replaces an existing one. If the connection is lost, checks whether the server renamed
    /// the file.
    async fn replace(&self, from: &RemotePath, to: &RemotePath) -> oxftp::Result<()> {
        let mut backoff = Backoff::new(RETRIES, FIRST_PAUSE);
        loop {
            let outcome = async { self.pool.client().await?.replace(from, to).await }.await;
            let is_transient = outcome.as_ref().is_err_and(Error::is_transient);
            if !is_transient || !backoff.wait().await {
                return outcome;
            }
            if !retrying!(self, |session| session.try_exists(from).await)? {
                return Ok(());
            }
        }
    }

    /// Deletes the incomplete file of an object that was not stored.
    pub(crate) async fn discard(&self, temporary: &RemotePath, path: &RemotePath) {
        if temporary == path {
            return;
        }
        if let Err(error) = retrying!(self, |session| session.remove_file(temporary).await)
            && !error.is_not_found()
        {
            tracing::debug!("{temporary} is not deleted: {error}");
        }
    }

    pub(crate) async fn delete(&self, location: &str) -> Result<()> {
        let path = self.object_path(location)?;
        self.forget(location);
        // A repetition after a lost session that finds no file has deleted it.
        let removed = repeating!(self.pool.remove_file(&path).await);
        self.forget(location);
        match removed {
            Ok(()) => Ok(()),
            // The code is the same for files that do not exist, for directories and for files that must not be deleted.
            Err(error @ Error::StatusCode(_)) => match self.exists(location).await? {
                true => Err(Failure::of(location, error)),
                false => Err(Failure::not_found(location)),
            },
            Err(error) => Err(Failure::of(location, error)),
        }
    }

    pub(crate) async fn rename(&self, from: &str, to: &str, target: Target) -> Result<()> {
        self.stat(from).await?;
        match target {
            Target::Overwrite if from == to => Ok(()),
            Target::Overwrite => self.rename_to(from, to).await,
            Target::Create => under_lock!(self, to, self.rename_to(from, to).await),
        }
    }

    async fn rename_to(&self, from: &str, to: &str) -> Result<()> {
        let (source, path) = (self.object_path(from)?, self.object_path(to)?);
        let renamed = match self.replace(&source, &path).await {
            Err(Error::NotRenamed { .. }) => {
                self.create_directory_of(to).await?;
                self.replace(&source, &path).await
            }
            renamed => renamed,
        };
        self.forget(from);
        self.forget(to);
        renamed.map_err(|error| Failure::of(to, error))
    }
}

/// Stores a file on one session, and compares its size if the server reports it.
async fn store(session: &mut Client, path: &RemotePath, chunks: &[Bytes]) -> oxftp::Result<()> {
    let mut stream = session.upload_stream(path).await?;
    for chunk in chunks {
        if let Err(error) = stream.write_all(chunk).await {
            return Err(stream.fail(error).await);
        }
    }
    let sent = stream.finish().await?.transferred;
    check_stored(session, path, sent).await
}

/// Compares the size of a stored file with the number of sent bytes, if the server reports it (`SIZE`).
pub(crate) async fn check_stored(session: &mut Client, path: &RemotePath, sent: u64) -> oxftp::Result<()> {
    match session.size(path).await {
        Ok(stored) if stored != sent => {
            let source = Error::SizeMismatch { expected: sent, transferred: stored };
            Err(Error::UploadMismatch { path: path.to_string(), source: source.into() })
        }
        Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
        _ => Ok(()),
    }
}
