//! Transfers that are cut short: the data connection is closed as soon as enough has arrived, without `ABOR`.
//!
//! The final reply is read together with that to the next command, so that a part of a file costs no round trip after
//! its data. A server that does not notice the closed connection within [`PATIENCE`] gets `ABOR`, from then on at once.

use std::time::Duration;

use oxftp_proto::dialog::PassiveMode;

use super::ControlChannel;
use crate::{Error, Result, future::BoxFuture};

/// What is known about transfers that are cut short.
#[derive(Debug, Default)]
pub(super) struct CutTransfer {
    /// The oldest outstanding reply is that to a transfer that was cut short.
    is_outstanding: bool,
    /// The server has replied to such a transfer.
    noticed: bool,
    /// The server has not replied to such a transfer in time.
    unnoticed: bool,
}

impl ControlChannel {
    /// Returns whether the present transfer may be cut short: its final reply is the only outstanding one, and the
    /// server is not known to wait for `ABOR`.
    pub(crate) fn may_cut(&self) -> bool {
        let alone = self.outstanding() <= 1 && self.keep_alives.waiting() == 0 && self.abort.is_none();
        alone && !self.cut.unnoticed && !self.forbids_pipelining() && !self.is_broken()
    }

    /// Records that the data connection of the present transfer was closed before its end.
    pub(crate) fn note_cut(&mut self) {
        self.cut.is_outstanding = self.outstanding() == 1;
    }

    /// Returns whether this server does not notice that a data connection was closed.
    pub(crate) fn needs_abort(&self) -> bool {
        self.cut.unnoticed
    }

    /// Sends the passive command of the next transfer while the reply to the one that was cut short is outstanding,
    /// and reads both. Does nothing unless there is such a reply, and the server has sent one before.
    pub(crate) async fn pass_cut(&mut self, mode: PassiveMode) -> Result<()> {
        let is_expected = self.cut.is_outstanding && self.cut.noticed && self.outstanding() == 1;
        match is_expected && !self.forbids_pipelining() {
            true => self.pipeline_after_cut(mode).await,
            false => Ok(()),
        }
    }

    // Boxed, as what follows: it is rare, and would enlarge the future of every transfer.
    fn pipeline_after_cut(&mut self, mode: PassiveMode) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.send_and_read_both(mode))
    }

    async fn send_and_read_both(&mut self, mode: PassiveMode) -> Result<()> {
        self.check_usable()?;
        self.schedule_pipelined(mode, Vec::new());
        self.send_pipelined().await?;
        match self.complete_pipelined(mode, self.deadline).await {
            // It is that of a transfer which the client has ended.
            Ok(_) | Err(Error::StatusCode(_)) => {
                self.cut.is_outstanding = false;
                self.check_usable()
            }
            Err(error) => {
                self.mark_broken("the reply to an earlier command did not arrive", None);
                Err(error)
            }
        }
    }

    /// Reads the reply to a transfer that was cut short. Sends `ABOR` if it does not arrive soon.
    pub(super) async fn settle_cut(&mut self) -> Result<()> {
        match self.cut.is_outstanding {
            true => self.read_cut().await,
            false => Ok(()),
        }
    }

    fn read_cut(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.read_cut_or_abort())
    }

    async fn read_cut_or_abort(&mut self) -> Result<()> {
        while self.cut.is_outstanding {
            let patience = self.deadline.map_or(PATIENCE, |deadline| deadline.min(PATIENCE));
            match self.next_reply(Some(patience)).await {
                Ok(reply) if reply.code().is_preliminary() => {}
                Ok(reply) => {
                    self.cut.is_outstanding = false;
                    self.cut.noticed = true;
                    self.keep_unclaimed(reply);
                }
                Err(Error::Timeout { .. }) if !self.is_broken() => {
                    self.cut = CutTransfer { unnoticed: true, ..CutTransfer::default() };
                    self.begin_abort().await?;
                    let _ = self.finish_abort().await;
                }
                Err(error) => {
                    self.mark_broken("the reply to an earlier command did not arrive", None);
                    return Err(error);
                }
            }
        }
        self.check_usable()
    }

    /// Aborts a transfer that was requested, but whose data connection could not be opened.
    pub(crate) fn abandon_transfer(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.abort_unopened())
    }

    async fn abort_unopened(&mut self) {
        while self.outstanding() > 1 && !self.is_broken() {
            if self.next_reply(self.deadline).await.is_err() {
                return self.mark_broken("the reply to an earlier command did not arrive", None);
            }
        }
        if self.has_outstanding() && self.begin_abort().await.is_ok() {
            let _ = self.finish_abort().await;
        }
    }
}

/// How long to wait for the reply to a transfer whose data connection was closed, before `ABOR` is sent.
const PATIENCE: Duration = Duration::from_secs(2);
