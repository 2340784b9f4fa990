//! Exchange of a command for its reply, on a session that is opened again when it is lost.

use std::time::Duration;

use oxftp_proto::{Command, Reply, dialog::Exchange};

use super::Client;
use crate::{
    Error, Result,
    backoff::Backoff,
    capabilities::optional_commands::{CommandTrial, OptionalCommand},
};

impl Client {
    /// Sends a command, and returns its reply if it matches one of `expected`.
    ///
    /// If the command is [optional](OptionalCommand), and the server does not answer it or closes the connection, the
    /// session is opened again, and the error is [`Unanswered`](Error::Unanswered). Later calls return this error at
    /// once.
    pub(crate) async fn exchange(&mut self, command: Command, expected: &[&str]) -> Result<Reply> {
        // Outside of the caller's directory, the argument would name another file on the new session.
        let mut attempts = if self.state.entered_dirs.is_none() { self.reconnects } else { 0 };
        loop {
            match self.exchange_once(command.clone(), expected).await {
                Err(error)
                    if may_be_repeated(&command) && Box::pin(self.recover(&error, &mut attempts)).await => {}
                outcome => return outcome,
            }
        }
    }

    async fn exchange_once(&mut self, command: Command, expected: &[&str]) -> Result<Reply> {
        let Some(optional) = OptionalCommand::of(command.as_bytes()) else {
            return self.control.run(Exchange::new(command, expected)).await;
        };
        let _trial = self.try_optional(optional).await?;
        match self.control.run(Exchange::new(command, expected)).await {
            Err(error) if self.is_lost_to_optional() => Err(Box::pin(self.replace_lost(error)).await),
            outcome => outcome,
        }
    }

    /// Fails if a command is not to be sent to this server again. Waits while another session sends it for the first
    /// time.
    pub(crate) async fn try_optional(&self, command: OptionalCommand) -> Result<Option<CommandTrial>> {
        let commands = &self.capabilities.commands;
        let trial = commands.trial(command).await;
        match commands.avoids(command) {
            true => Err(Error::Unanswered { command: command.name() }),
            false => Ok(trial),
        }
    }

    /// Opens the session again if an operation has lost it and attempts are left. The operation may be repeated then.
    pub(crate) async fn recover(&mut self, error: &Error, attempts: &mut u32) -> bool {
        let is_replaceable = self.control.was_closed_by_server() || self.control.was_lost_to_abort();
        let is_lost = self.is_broken() && is_replaceable && error.tls_failure().is_none();
        if self.state.entered_dirs.is_none() && self.reopen_after_listing(error).await {
            return true;
        }
        let mut backoff = Backoff::new(*attempts, FIRST_PAUSE);
        while is_lost && let Some(pause) = backoff.next_pause() {
            *attempts -= 1;
            crate::trace::debug!("{error}; the session is opened again in {pause:?}");
            tokio::time::sleep(pause).await;
            match self.reopen().await {
                Ok(()) => return true,
                Err(refused) if refused.is_transient() => {}
                Err(_) => return false,
            }
        }
        false
    }

    /// Opens the session again after it was lost to an optional command. Returns the error
    /// [`Unanswered`](Error::Unanswered), on which callers replace the command by another one, or `error` if the
    /// session was lost for another reason or could not be opened again.
    pub(crate) async fn replace_lost(&mut self, error: Error) -> Error {
        let Some(command) = self.control.lost_to() else { return error };
        // A server with room for one session may need a moment to notice the end of the last one.
        for pause in REOPENING_PAUSES {
            match self.reopen().await {
                Ok(()) => return Error::Unanswered { command: command.name() },
                Err(refused) if refused.is_transient() => {
                    crate::trace::debug!("the session was not opened again: {refused}");
                    tokio::time::sleep(pause).await;
                }
                Err(_) => return error,
            }
        }
        error
    }

    /// Returns whether the session was lost to an optional command, which is not sent again: another attempt of the
    /// same operation differs from the last one.
    pub(crate) fn is_lost_to_optional(&self) -> bool {
        self.control.lost_to().is_some()
    }

    /// Returns the optional commands that this server did not answer, or after which it closed the connection. They are not
    /// sent to it again, by any session of this builder. Sends nothing.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.list("pub").await?;
    /// println!("not answered: {}", client.unanswered_commands().join(", "));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unanswered_commands(&self) -> Vec<&'static str> {
        self.capabilities.commands.avoided()
    }

    /// Records that a listing is complete.
    pub(crate) fn note_end_of_listing(&mut self) {
        self.state.listed_at = Some(self.control.replies());
    }

    /// Returns whether the session was lost after a complete listing, before any other reply.
    pub(crate) fn ended_after_listing(&self) -> bool {
        self.is_broken()
            && self.control.was_closed_by_server()
            && self.state.listed_at == Some(self.control.replies())
    }

    /// Returns whether the session was lost after a complete listing, and an earlier session as well.
    pub(crate) fn ends_after_listings(&self) -> bool {
        self.ended_after_listing() && self.capabilities.commands.ends_after_listing()
    }

    /// Opens the session again if it was lost after a complete listing: some servers end each session then. This uses
    /// up no attempt, because the operation makes progress with each listing.
    pub(crate) async fn reopen_after_listing(&mut self, error: &Error) -> bool {
        if !self.ended_after_listing() || error.tls_failure().is_some() {
            return false;
        }
        crate::trace::debug!("{error}; the session is opened again");
        self.capabilities.commands.note_end_after_listing();
        self.reopen().await.is_ok()
    }

    /// Sets how often an operation opens the session again.
    pub(crate) fn set_reconnects(&mut self, attempts: u32) {
        self.reconnects = attempts;
    }

    /// Returns how often an operation opens the session again.
    pub(crate) fn reconnects(&self) -> u32 {
        self.reconnects
    }
}

/// Returns whether a command has the same effect if it is sent twice.
fn may_be_repeated(command: &Command) -> bool {
    let line = command.as_bytes();
    let verbs: &[&[u8]] = &[b"CWD", b"CDUP", b"PWD", b"STAT", b"TYPE"];
    verbs.contains(&command.verb()) || line.starts_with(b"SITE CHMOD ") || OptionalCommand::of(line).is_some()
}

/// The pause before a session is opened again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Pauses between the attempts to open a session again.
const REOPENING_PAUSES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_millis(1000)];
