//! Uploads: a task sends blocks to one file, in their order, and renames it when it is complete.
//!
//! While no block is queued and another operation waits for a session, the task ends its transfer and returns its session; the next
//! block is appended (`APPE`). So more files than the pool has sessions can be written alternately.

use std::sync::Arc;

use bytes::Bytes;
use opendal_core::{Error, ErrorKind, Result};
use oxftp::{PooledClient, RemotePath, UploadStream};
use tokio::{io::AsyncWriteExt, sync::mpsc, task::JoinHandle};

use crate::{
    core::{Core, on_session, size},
    failure::{failure, failure_of, is_a_directory},
    names,
};

/// Effect on an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Replace,
    Append,
}

/// An upload. Dropping it deletes what was stored, except what was appended.
#[derive(Debug)]
pub(crate) struct Upload {
    messages: mpsc::Sender<Message>,
    /// `None` once its outcome was returned.
    task: Option<JoinHandle<Result<u64>>>,
}

#[derive(Debug)]
enum Message {
    Block(Bytes),
    Complete,
}

impl Upload {
    /// Begins an upload. Nothing is sent before the first block.
    pub(crate) fn begin(core: &Arc<Core>, path: &str, mode: Mode) -> Result<Self> {
        let target = core.remote(path)?;
        let (directory, name) = names::split(path);
        if oxftp::is_reserved_name(name) {
            let message = "this name is reserved for unfinished uploads and locks";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let stored_as = match mode {
            Mode::Replace if core.is_atomic => {
                core.remote(&format!("{directory}{}", oxftp::new_partial_name()))?
            }
            _ => target.clone(),
        };
        let (messages, received) = mpsc::channel(QUEUED_BLOCKS);
        let transfer = Transfer {
            core: Arc::clone(core),
            path: path.to_owned(),
            target,
            stored_as,
            mode,
            confirmed: 0,
            is_begun: false,
        };
        Ok(Self { messages, task: Some(tokio::spawn(transfer.run(received))) })
    }

    /// Queues a block. An error may be that of an earlier block.
    pub(crate) async fn write(&mut self, block: Bytes) -> Result<()> {
        match self.messages.send(Message::Block(block)).await {
            Ok(()) => Ok(()),
            Err(_) => self.outcome().await.and(Err(ended())),
        }
    }

    /// Completes the file under its name. Returns its size.
    pub(crate) async fn complete(&mut self) -> Result<u64> {
        // If the task has ended, its outcome says why.
        let _ = self.messages.send(Message::Complete).await;
        self.outcome().await
    }

    /// Deletes what was stored, except what was appended.
    pub(crate) async fn abort(mut self) -> Result<()> {
        let Some(task) = self.task.take() else { return Ok(()) };
        drop(self.messages);
        match task.await {
            Ok(outcome) => outcome.map(drop),
            Err(_) => Err(ended()),
        }
    }

    async fn outcome(&mut self) -> Result<u64> {
        match self.task.take() {
            Some(task) => task.await.unwrap_or_else(|_| Err(ended())),
            None => Err(ended()),
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Unexpected, "the upload has ended").set_persistent()
}

/// The task of an upload.
struct Transfer {
    core: Arc<Core>,
    path: String,
    target: RemotePath,
    /// The target, or a temporary name beside it.
    stored_as: RemotePath,
    mode: Mode,
    /// Size of the file that the server has confirmed. When appending, that of the existing file at first.
    confirmed: u64,
    is_begun: bool,
}

/// Reason for the end of a transfer without a failure.
enum Next {
    /// Another operation waited for its session.
    Suspended,
    Complete,
    Abort,
}

impl Transfer {
    /// Returns the size of the file, or that of what is left of it if the upload was aborted.
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) -> Result<u64> {
        let stored = match self.receive(&mut messages).await {
            Ok(true) => match self.publish().await {
                Ok(()) => return Ok(self.confirmed),
                Err(error) => Err(error),
            },
            Ok(false) => Ok(0),
            Err(error) => Err(error),
        };
        // Under its final name a part is left after a failure: nothing tells it from an older file.
        let is_left =
            self.mode == Mode::Replace && self.is_begun && (self.stored_as != self.target || stored.is_ok());
        let discarded = if is_left { self.discard().await } else { Ok(()) };
        if stored.is_err() {
            self.core.forget_directories();
        }
        // The blocks are gone, so no layer can repeat it.
        stored.and_then(|size| discarded.map(|()| size)).map_err(|error| {
            let is_temporary = error.is_temporary();
            error.with_persistent(is_temporary)
        })
    }

    /// Sends all blocks. Returns `false` if the upload was aborted.
    async fn receive(&mut self, messages: &mut mpsc::Receiver<Message>) -> Result<bool> {
        loop {
            let next = match messages.recv().await {
                Some(Message::Block(block)) => self.transfer(block, messages).await?,
                Some(Message::Complete) if self.is_begun => Next::Complete,
                Some(Message::Complete) => {
                    self.finish(None).await?;
                    Next::Complete
                }
                None => Next::Abort,
            };
            match next {
                Next::Suspended => {}
                Next::Complete => return Ok(true),
                Next::Abort => return Ok(false),
            }
        }
    }

    /// Sends blocks in one transfer, beginning with this one.
    async fn transfer(&mut self, block: Bytes, messages: &mut mpsc::Receiver<Message>) -> Result<Next> {
        let mut stream = self.open().await?;
        let mut block = Some(block);
        let next = loop {
            if let Some(block) = block.take()
                && let Err(error) = stream.write_all(&block).await
            {
                return Err(failure(stream.fail(error).await));
            }
            let message = tokio::select! {
                biased;
                message = messages.recv() => message,
                () = self.core.pool.contended() => break Next::Suspended,
            };
            match message {
                Some(Message::Block(next)) => block = Some(next),
                Some(Message::Complete) => break Next::Complete,
                None => return Ok(Next::Abort),
            }
        };
        self.finish(Some(stream)).await?;
        Ok(next)
    }

    /// Opens the file at the end of what was confirmed.
    async fn open(&mut self) -> Result<UploadStream<PooledClient>> {
        if self.mode == Mode::Append && !self.is_begun {
            self.confirmed = match self.core.find(&self.path).await? {
                Some(entry) if entry.is_dir() => return Err(is_a_directory()),
                Some(entry) => size(&entry)?,
                None => 0,
            };
        }
        let directory = names::split(&self.path).0;
        if !self.is_begun && !self.core.is_known_directory(directory) {
            // Some servers refuse a missing directory only after the transfer, when its blocks are gone.
            self.core.create_directory(directory).await?;
        }
        let opened = match self.open_once().await {
            Err(oxftp::Error::StatusCode(refused)) if !self.is_begun && refused.info.code().class() == 5 => {
                // Perhaps it was deleted by another client.
                self.core.create_directory(directory).await?;
                self.open_once().await
            }
            opened => opened,
        };
        match opened {
            Ok(stream) => {
                self.is_begun = true;
                Ok(stream)
            }
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn open_once(&self) -> oxftp::Result<UploadStream<PooledClient>> {
        let pool = &self.core.pool;
        if self.mode == Mode::Replace && self.confirmed == 0 {
            return pool.open_write(&self.stored_as).await;
        }
        if self.is_begun {
            // Appended to anything else it would be corrupt.
            on_session!(self.core, |session| check_size(session, &self.stored_as, self.confirmed).await)?;
        }
        pool.open_append(&self.stored_as).await
    }

    /// Completes a transfer, or an empty one, and checks the size of the file.
    async fn finish(&mut self, stream: Option<UploadStream<PooledClient>>) -> Result<()> {
        let stream = match stream {
            Some(stream) => stream,
            None => self.open().await?,
        };
        let (mut session, finished) = stream.finish_and_return().await;
        self.confirmed += finished.map_err(failure)?.transferred;
        match check_size(&mut session, &self.stored_as, self.confirmed).await {
            Ok(()) => Ok(()),
            Err(error) => {
                drop(session);
                Err(self.explain(error).await)
            }
        }
    }

    /// Renames the complete file to its name, in place of an existing one.
    async fn publish(&mut self) -> Result<()> {
        if self.stored_as == self.target {
            return Ok(());
        }
        match self.core.replace(&self.stored_as, &self.target).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Returns the failure to store the file. Servers give many reasons where a directory has its name.
    async fn explain(&self, error: oxftp::Error) -> Error {
        if let oxftp::Error::UploadMismatch { source, .. } = &error
            && let oxftp::Error::SizeMismatch { expected, transferred } = **source
            && transferred > expected
            && self.mode == Mode::Append
        {
            return failure_of(
                ErrorKind::Conflict,
                "another client wrote to the file at the same time",
                error,
            );
        }
        let is_refused = error.reply().is_some() && !error.is_connection_lost();
        match is_refused {
            true if matches!(self.core.find(&self.path).await, Ok(Some(entry)) if entry.is_dir()) => {
                is_a_directory()
            }
            _ => failure(error),
        }
    }

    /// Deletes what was stored.
    async fn discard(&self) -> Result<()> {
        match on_session!(self.core, |session| session.remove_file(&self.stored_as).await) {
            Err(error) if !error.is_not_found() => Err(failure(error)),
            _ => Ok(()),
        }
    }
}

/// Compares the size of a stored file with the expected one, if the server reports it (`SIZE`).
async fn check_size(session: &mut oxftp::Client, path: &RemotePath, expected: u64) -> oxftp::Result<()> {
    match session.size(path).await {
        Ok(transferred) if transferred != expected => {
            let source = oxftp::Error::SizeMismatch { expected, transferred };
            Err(oxftp::Error::UploadMismatch { path: path.to_string(), source: source.into() })
        }
        Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
        _ => Ok(()),
    }
}

/// Blocks that are accepted before they are sent.
const QUEUED_BLOCKS: usize = 2;
