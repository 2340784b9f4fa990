//! Dialogs: command sequences that decide what to send next, given the replies.
//!
//! A [`Dialog`] is driven by the owner of the connection: it receives an [`Event`] and returns a [`Step`]. It never
//! waits, and reads no clock.

mod abort;
mod active;
mod closed_download;
mod completion;
mod exchange;
mod fxp;
mod greeting;
mod keep_alives;
mod login;
mod passive;
mod passive_with_query;
mod pipelined;
mod rename;
#[cfg(test)]
mod replay;
mod secure;
mod transfer;

pub use abort::{Abort, Aborted};
pub use active::{Active, ActiveCommand};
pub use closed_download::ClosedDownload;
pub use completion::Completion;
pub use exchange::Exchange;
pub use fxp::{FxpConnect, FxpListen};
pub use greeting::Greeting;
pub use keep_alives::KeepAlives;
pub use login::{Credentials, Login};
pub use passive::{Passive, PassiveMode};
pub use passive_with_query::{MdtmReply, PassiveWithQuery};
pub use pipelined::{Completed, PassiveReply, PipelinedCompletion};
pub use rename::Rename;
pub use secure::{Protection, Secure, Secured};
pub use transfer::{Started, Transfer, is_restart_refused, restart_may_be_pending};

use std::net::{Ipv4Addr, SocketAddr};

use crate::{Command, InvalidCommand, Reply, StatusCodeError, address::AddressError};

/// A sequence of commands and replies on the control connection.
pub trait Dialog {
    /// Result of the dialog.
    type Output;

    /// Returns the next step for an event. The first event is [`Event::Start`].
    ///
    /// # Errors
    ///
    /// [`DialogError`] when the dialog failed. The connection itself is still synchronized: the driver knows
    /// which replies are outstanding.
    fn step(&mut self, event: Event) -> Result<Step<Self::Output>, DialogError>;

    /// Returns whether preliminary (1xx) replies are events too. If not, the driver skips them.
    fn wants_preliminary(&self) -> bool {
        false
    }
}

/// The event since the last step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The dialog starts.
    Start,
    /// The command of [`Step::Queue`] was sent.
    Queued,
    /// A reply arrived.
    Reply(Reply),
    /// The data connection requested by [`Step::Open`] is open.
    Opened,
    /// The data connection requested by [`Step::Open`] could not be opened.
    NotOpened,
    /// A socket listens at this address, as requested by [`Step::Listen`].
    Listening(SocketAddr),
    /// The control connection is encrypted, as requested by [`Step::Secure`].
    Secured,
}

/// The next action of the driver.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<T> {
    /// Send a command, then pass on the reply.
    Send(Command),
    /// Send a command and continue at once; its reply is awaited later.
    Queue(Command),
    /// Pass on the next reply, without sending a command.
    AwaitReply,
    /// Open a data connection to this port.
    Open(PassiveAddress),
    /// Listen for a data connection.
    Listen,
    /// Perform a TLS handshake.
    Secure,
    /// The dialog is complete.
    Done(T),
    /// The dialog is complete, and no reply is outstanding, whatever the driver has counted.
    Synchronised(T),
}

/// The address at which a server listens for a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassiveAddress {
    /// The port.
    pub port: u16,
    /// The address that the server sent. The client decides whether to use it.
    pub advertised: Option<Ipv4Addr>,
}

/// A dialog failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialogError {
    /// The server refused.
    #[error(transparent)]
    StatusCode(#[from] StatusCodeError),
    /// The reply to `PASV` or `EPSV` contains no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A command cannot be sent.
    #[error(transparent)]
    InvalidCommand(#[from] InvalidCommand),
    /// No data connection could be opened to the port that the server named.
    #[error("cannot open a data connection to the server")]
    NotOpened,
    /// The dialog received an event that it did not request: a bug in the driver.
    #[error("the dialog received an unexpected event")]
    OutOfTurn,
}

/// Mask of every success.
const SUCCESS: &[&str] = &["2xx"];
