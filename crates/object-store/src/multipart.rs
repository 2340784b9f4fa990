//! Uploads in parts: a task appends them to one file, in the order of the calls.
//!
//! While no part is queued and another operation waits for a session, the task ends its transfer and returns its session; the next
//! part is appended (`APPE`).

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use oxftp::RemotePath;
use tokio::{
    io::AsyncWriteExt,
    sync::{mpsc, oneshot},
};

use crate::{
    core::{Core, retrying},
    failure::{Failure, FailureKind, Result},
    write::{Target, check_stored},
};

/// An upload in parts. Dropping it deletes the stored parts.
#[derive(Debug)]
pub(crate) struct Upload {
    location: String,
    messages: mpsc::UnboundedSender<Message>,
}

#[derive(Debug)]
enum Message {
    Part(Vec<Bytes>, oneshot::Sender<Result<()>>),
    Complete(oneshot::Sender<Result<Option<String>>>),
    Abort(oneshot::Sender<()>),
}

impl Upload {
    pub(crate) fn begin(core: Arc<Core>, location: &str) -> Result<Self> {
        let path = core.object_path(location)?;
        let (messages, received) = mpsc::unbounded_channel();
        let temporary = core.temporary(location, &path);
        let task = Task { core, location: location.to_owned(), path, temporary, sent: 0, is_begun: false };
        tokio::spawn(task.run(received));
        Ok(Self { location: location.to_owned(), messages })
    }

    /// Queues a part. The future is ready when it was sent; parts may be awaited in any order.
    pub(crate) fn part(&self, chunks: Vec<Bytes>) -> impl Future<Output = Result<()>> + Send + 'static {
        let (done, sent) = oneshot::channel();
        let location = self.location.clone();
        let queued = self.messages.send(Message::Part(chunks, done)).is_ok();
        async move {
            match sent.await {
                Ok(outcome) if queued => outcome,
                _ => Err(ended(&location)),
            }
        }
    }

    /// Renames the stored file to the name of the object; returns its etag.
    pub(crate) async fn complete(&mut self) -> Result<Option<String>> {
        let (done, completed) = oneshot::channel();
        let _ = self.messages.send(Message::Complete(done));
        completed.await.unwrap_or_else(|_| Err(ended(&self.location)))
    }

    /// Deletes the stored parts.
    pub(crate) async fn abort(&mut self) -> Result<()> {
        let (done, aborted) = oneshot::channel();
        let _ = self.messages.send(Message::Abort(done));
        // Without a task nothing is left.
        let _ = aborted.await;
        Ok(())
    }
}

fn ended(location: &str) -> Failure {
    Failure::new(FailureKind::Other, location, "the upload has ended")
}

struct Task {
    core: Arc<Core>,
    location: String,
    path: RemotePath,
    temporary: RemotePath,
    /// Bytes that the server has confirmed.
    sent: u64,
    is_begun: bool,
}

/// Reason for the end of a transfer without a failure.
enum Next {
    /// Another operation waited for its session.
    Suspended,
    Complete(oneshot::Sender<Result<Option<String>>>),
    Abort(Option<oneshot::Sender<()>>),
}

impl Task {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut failure = None;
        loop {
            let next = match messages.recv().await {
                Some(Message::Part(_, done)) if failure.is_some() => {
                    let _ = done.send(Err(failure_again(&self.location, failure.as_deref())));
                    continue;
                }
                Some(Message::Part(chunks, done)) => {
                    self.transfer(chunks, done, &mut messages).await.unwrap_or_else(|text| {
                        failure = Some(text);
                        Next::Suspended
                    })
                }
                Some(Message::Complete(done)) => Next::Complete(done),
                Some(Message::Abort(done)) => Next::Abort(Some(done)),
                None => Next::Abort(None),
            };
            match next {
                Next::Suspended => {}
                Next::Complete(done) => {
                    let outcome = match &failure {
                        Some(text) => {
                            self.core.discard(&self.temporary, &self.path).await;
                            Err(failure_again(&self.location, Some(text)))
                        }
                        None => self.complete().await,
                    };
                    let _ = done.send(outcome);
                    return;
                }
                Next::Abort(done) => {
                    if self.is_begun {
                        self.core.discard(&self.temporary, &self.path).await;
                    }
                    done.map(|done| done.send(()));
                    return;
                }
            }
        }
    }

    async fn complete(&mut self) -> Result<Option<String>> {
        if !self.is_begun {
            return self.core.put(&self.location, &[], Target::Overwrite).await;
        }
        self.core.publish(&self.location, &self.temporary, &self.path).await
    }

    /// Sends parts in one transfer, beginning with this one. Returns the text of the failure.
    async fn transfer(
        &mut self,
        chunks: Vec<Bytes>,
        done: oneshot::Sender<Result<()>>,
        messages: &mut mpsc::UnboundedReceiver<Message>,
    ) -> Result<Next, String> {
        let mut part = Some((chunks, done));
        let outcome = self.try_transfer(&mut part, messages).await;
        outcome.map_err(|error| {
            let text = error.to_string();
            if let Some((_, done)) = part {
                let _ = done.send(Err(Failure::of(&self.location, error)));
            }
            text
        })
    }

    async fn try_transfer(
        &mut self,
        part: &mut Option<(Vec<Bytes>, oneshot::Sender<Result<()>>)>,
        messages: &mut mpsc::UnboundedReceiver<Message>,
    ) -> oxftp::Result<Next> {
        let pool = &self.core.pool;
        let mut stream = match self.sent {
            0 => {
                if !self.is_begun {
                    // A refusal is explained by the upload.
                    let _ = self.core.create_directory_of(&self.location).await;
                }
                pool.open_write(&self.temporary).await?
            }
            sent => {
                // Appended to anything else it would be corrupt.
                retrying!(self.core, |session| check_stored(session, &self.temporary, sent).await)?;
                pool.open_append(&self.temporary).await?
            }
        };
        self.is_begun = true;
        let next = loop {
            if let Some((chunks, _)) = &*part {
                for chunk in chunks {
                    if let Err(error) = stream.write_all(chunk).await {
                        return Err(stream.fail(error).await);
                    }
                }
            }
            if let Some((_, done)) = part.take() {
                let _ = done.send(Ok(()));
            }
            let message = tokio::select! {
                biased;
                message = messages.recv() => message,
                () = self.core.pool.contended() => break Next::Suspended,
            };
            match message {
                Some(Message::Part(chunks, done)) => *part = Some((chunks, done)),
                Some(Message::Complete(done)) => break Next::Complete(done),
                Some(Message::Abort(done)) => return Ok(Next::Abort(Some(done))),
                None => return Ok(Next::Abort(None)),
            }
        };
        let (mut session, finished) = stream.finish_and_return().await;
        let finished = match finished {
            Ok(summary) => {
                self.sent += summary.transferred;
                check_stored(&mut session, &self.temporary, self.sent).await
            }
            Err(error) => Err(error),
        };
        drop(session);
        match (finished, next) {
            (Ok(()), next) => Ok(next),
            (Err(error), Next::Complete(done)) => {
                self.core.discard(&self.temporary, &self.path).await;
                let text = error.to_string();
                let _ = done.send(Err(Failure::of(&self.location, error)));
                tracing::debug!("{} is not stored: {text}", self.path);
                Ok(Next::Abort(None))
            }
            (Err(error), _) => Err(error),
        }
    }
}

fn failure_again(location: &str, text: Option<&str>) -> Failure {
    Failure::new(
        FailureKind::Other,
        location,
        format!("the upload failed before: {}", text.unwrap_or_default()),
    )
}
