//! An open file with a deadline for each step.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::timeout::timed_out;
use super::{BoxFuture, PathFile};

/// A file of a [`Timed`](super::Timed) backend.
#[derive(Debug)]
pub(super) struct TimedFile {
    inner: Box<dyn PathFile>,
    deadline: Deadline,
}

impl TimedFile {
    pub(super) fn new(inner: Box<dyn PathFile>, limit: Duration) -> Self {
        Self { inner, deadline: Deadline { limit, waiting: None, timer: None } }
    }
}

impl AsyncRead for TimedFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.deadline.judge(Step::Read, outcome, cx)
    }
}

impl AsyncWrite for TimedFile {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, data);
        self.deadline.judge(Step::Write, outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, data);
        self.deadline.judge(Step::Write, outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.deadline.judge(Step::Flush, outcome, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.deadline.judge(Step::Shutdown, outcome, cx)
    }
}

impl AsyncSeek for TimedFile {
    fn start_seek(mut self: Pin<&mut Self>, target: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.inner).start_seek(target)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let outcome = Pin::new(&mut self.inner).poll_complete(cx);
        self.deadline.judge(Step::Seek, outcome, cx)
    }
}

impl PathFile for TimedFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        let limit = self.deadline.limit;
        let work = self.inner.sync();
        Box::pin(
            async move { tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(timed_out(limit))) },
        )
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        let limit = self.deadline.limit;
        let work = self.inner.reserve(length);
        Box::pin(
            async move { tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(timed_out(limit))) },
        )
    }
}

/// The clock of the step under way. It starts when a step is first found pending.
#[derive(Debug)]
struct Deadline {
    limit: Duration,
    waiting: Option<Step>,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Read,
    Write,
    Flush,
    Shutdown,
    Seek,
}

impl Deadline {
    fn judge<T>(
        &mut self,
        step: Step,
        outcome: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        // Another step than the one waited for: that one was given up.
        if self.waiting != Some(step) {
            self.start(step);
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        std::task::ready!(timer.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(Err(timed_out(self.limit)))
    }

    fn start(&mut self, step: Step) {
        self.waiting = Some(step);
        // A limit too far for the clock is none.
        let Some(end) = Instant::now().checked_add(self.limit) else { return };
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(end))),
        }
    }
}
