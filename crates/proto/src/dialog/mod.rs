//! Conversations: what to say next, given what was answered.
//!
//! A [`Dialog`] is driven by whoever holds the connection: it is told what happened
//! ([`Event`]) and says what to do ([`Step`]). It never waits, and keeps no time.

mod abort;
mod active;
mod completion;
mod exchange;
mod fxp;
mod greeting;
mod keep_alives;
mod login;
mod passive;
mod passive_with_mdtm;
mod pipelined;
mod rename;
#[cfg(test)]
mod replay;
mod secure;
mod transfer;

pub use abort::{Abort, Aborted};
pub use active::{Active, ActiveCommand};
pub use completion::Completion;
pub use exchange::Exchange;
pub use fxp::{FxpConnect, FxpListen};
pub use greeting::Greeting;
pub use keep_alives::KeepAlives;
pub use login::{Credentials, Login};
pub use passive::{Passive, PassiveMode};
pub use passive_with_mdtm::{MdtmReply, PassiveWithMdtm};
pub use pipelined::{Answer, Completed, PipelinedCompletion};
pub use rename::Rename;
pub use secure::{Protection, Secure, Secured};
pub use transfer::{Started, Transfer};

use std::net::{Ipv4Addr, SocketAddr};

use crate::{Command, InvalidCommand, Reply, StatusCodeError, address::AddressError};

/// One conversation over the control connection.
pub trait Dialog {
    /// What the conversation comes to.
    type Output;

    /// Says what comes next, given what happened; the first event is [`Event::Start`].
    ///
    /// # Errors
    ///
    /// [`DialogError`] when the conversation failed. The connection itself is still in step:
    /// nothing that was said is unanswered but what the driver counts.
    fn step(&mut self, event: Event) -> Result<Step<Self::Output>, DialogError>;

    /// Tells whether preliminary (1xx) replies are events too; else the driver waits past them.
    fn wants_preliminary(&self) -> bool {
        false
    }
}

/// What happened since the last step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The conversation begins.
    Start,
    /// The command of [`Step::Queue`] was sent.
    Queued,
    /// A reply came.
    Reply(Reply),
    /// The data connection that [`Step::Open`] asked for is open.
    Opened,
    /// The data connection that [`Step::Open`] asked for could not be opened.
    NotOpened,
    /// A socket listens at this address, as [`Step::Listen`] asked.
    Listening(SocketAddr),
    /// The control connection is encrypted, as [`Step::Secure`] asked.
    Secured,
}

/// What to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<T> {
    /// Send a command, then give the reply.
    Send(Command),
    /// Send a command, and go on at once; its reply is awaited later.
    Queue(Command),
    /// Give the next reply, without sending.
    AwaitReply,
    /// Open a data connection to this port.
    Open(Endpoint),
    /// Listen for a data connection.
    Listen,
    /// Shake hands for TLS.
    Secure,
    /// The conversation is over.
    Done(T),
    /// The conversation is over, and it is certain that no reply is owed any more, whatever was
    /// counted.
    Synchronised(T),
}

/// Where a server listens for a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The port.
    pub port: u16,
    /// The address that the server named; whether it is used is for the client to decide.
    pub advertised: Option<Ipv4Addr>,
}

/// A conversation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialogError {
    /// The server refused.
    #[error(transparent)]
    StatusCode(#[from] StatusCodeError),
    /// The reply to `PASV` or `EPSV` names no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Something cannot be sent.
    #[error(transparent)]
    InvalidCommand(#[from] InvalidCommand),
    /// No data connection could be opened to where the server said it listens.
    #[error("no data connection to the server can be opened")]
    NotOpened,
    /// Events came that this dialog never asked for: a bug of the driver.
    #[error("the dialog was driven wrongly")]
    OutOfTurn,
}

/// Every way to complete a command.
const SUCCESS: &[&str] = &["2xx"];
