//! The control connection: the only code that awaits a reply.
//!
//! Every reply belongs to one command. What is owed is counted before anything is awaited, so that
//! a future may be dropped at any point: the next command first reads what is still owed.

mod abort;
mod ahead;
mod clear;
mod end;
mod hidden;
mod keep_alive;
mod pipeline;
mod secure;
mod unsolicited;

pub(crate) use ahead::Ahead;

use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};

use bytes::{Buf, BytesMut};
use oxftp_proto::{
    Code, Command, Limits, Reply, ReplyDecoder, Secret,
    dialog::{Abort, Dialog, Event, KeepAlives, Step},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::debug;

use self::{ahead::Questions, hidden::Hidden};
use crate::{
    Error, Result, Throttle,
    connect::BoxSocket,
    dial::DataDialler,
    stream::{Stream, Transport},
    timeouts::in_time,
    tls::TlsSession,
};

/// A control connection, and what is owed on it.
pub(crate) struct ControlChannel {
    /// `None` once it is of no use.
    stream: Option<Stream>,
    /// Those of the server and of this side; the system is asked once.
    addresses: (Option<SocketAddr>, Option<SocketAddr>),
    decoder: ReplyDecoder,
    /// Bytes of commands that are not sent yet; a dropped future leaves its rest here.
    outgoing: BytesMut,
    /// Final replies that are still to come.
    owed: usize,
    /// An `ABOR` whose answers are still to come.
    abort: Option<Abort>,
    /// A transfer and its `ABOR` were answered once; a second answer may still come.
    straggler: bool,
    /// What was said of the next transfer before its time.
    ahead: Ahead,
    /// What is asked of its file at the end of this transfer.
    questions: Questions,
    /// The `NOOP`s among what is owed, of the latest transfer.
    keep_alives: KeepAlives,
    /// Replies that nobody waited for any more, the latest last.
    settled: VecDeque<Reply>,
    /// Why the connection is of no use, and the server's last words.
    end: Option<(String, Option<Reply>)>,
    hidden: Hidden,
    throttle: Throttle,
    most_preliminary: usize,
    /// Preliminary replies since the last final one.
    preliminary: usize,
    deadline: Option<Duration>,
}

/// What a dialog may need besides the control connection.
pub(crate) enum Hands<'a, 'd> {
    None,
    Data(&'a mut DataDialler<'d>),
    Tls(&'a TlsSession),
}

impl ControlChannel {
    pub(crate) fn new(
        socket: BoxSocket,
        throttle: &Throttle,
        limits: &Limits,
        deadline: Option<Duration>,
    ) -> Self {
        Self {
            addresses: (socket.peer_address(), socket.local_address()),
            stream: Some(Stream::new(Transport::Plain(socket), throttle, None)),
            decoder: ReplyDecoder::new(limits),
            outgoing: BytesMut::new(),
            owed: 0,
            abort: None,
            straggler: false,
            ahead: Ahead::None,
            questions: Questions::default(),
            keep_alives: KeepAlives::default(),
            settled: VecDeque::new(),
            end: None,
            hidden: Hidden::default(),
            throttle: throttle.clone(),
            most_preliminary: limits.preliminary_replies,
            preliminary: 0,
            deadline,
        }
    }

    pub(crate) fn peer_address(&self) -> Option<SocketAddr> {
        self.addresses.0
    }

    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.addresses.1
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_encrypted)
    }

    /// Gives what is known of its TLS, `None` in clear.
    pub(crate) fn tls(&self) -> Option<&rustls::ClientConnection> {
        self.stream.as_ref().and_then(Stream::tls)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.stream.is_none()
    }

    /// Runs one dialog to its end, each reply under the usual deadline.
    pub(crate) async fn run<D: Dialog>(&mut self, dialog: D) -> Result<D::Output> {
        self.settle().await?;
        self.drive(dialog, Hands::None, self.deadline).await
    }

    /// Runs a dialog that opens a data connection or encrypts this one.
    pub(crate) async fn run_with<D: Dialog>(&mut self, dialog: D, hands: Hands<'_, '_>) -> Result<D::Output> {
        self.settle().await?;
        self.drive(dialog, hands, self.deadline).await
    }

    /// Runs a dialog that awaits what is owed already, so that nothing is settled before it.
    pub(crate) async fn resume<D: Dialog>(
        &mut self,
        dialog: D,
        deadline: Option<Duration>,
    ) -> Result<D::Output> {
        self.check_usable()?;
        self.drive(dialog, Hands::None, deadline).await
    }

    /// Tells whether a final reply is still to come.
    pub(crate) fn is_owing(&self) -> bool {
        self.owed > 0
    }

    /// Expects a reply that no command asks for: the greeting.
    pub(crate) fn expect_greeting(&mut self) {
        self.owed += 1;
    }

    /// Hides these from what the server says, as long as no others are named.
    pub(crate) fn hide(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.hidden.set(secrets);
    }

    /// Leaves what commands ask for as it is from now on, such as paths and numbers.
    pub(crate) fn hide_in_words_alone(&mut self) {
        self.hidden.spare_values();
    }

    /// Sends a command without awaiting its reply.
    pub(crate) async fn send(&mut self, command: &Command) -> Result<()> {
        self.settle().await?;
        self.hidden.add(command.secret());
        self.queue(command);
        in_time(self.deadline, self.flush()).await
    }

    /// Reads the next reply, whatever it answers.
    pub(crate) async fn read_reply(&mut self) -> Result<Reply> {
        self.check_usable()?;
        self.next_reply(self.deadline).await
    }

    /// Reads what earlier commands, whose futures were dropped, are still owed.
    ///
    /// Fails when that does not come in time; the connection is broken then.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        self.check_usable()?;
        self.ahead = Ahead::None;
        if self.abort.is_some() {
            let _ = self.finish_abort().await;
            self.check_usable()?;
        }
        while self.owed > self.keep_alives.waiting() {
            match self.next_reply(self.deadline).await {
                Ok(reply) => self.keep(reply),
                Err(error) => {
                    self.give_up("a reply to an earlier command never came", None);
                    return Err(error);
                }
            }
        }
        self.pass_keep_alives().await?;
        self.refuse_unsolicited().await
    }

    /// Takes the replies that were read without anybody waiting for them.
    pub(crate) fn take_settled(&mut self) -> Vec<Reply> {
        self.settled.drain(..).collect()
    }

    async fn drive<D: Dialog>(
        &mut self,
        mut dialog: D,
        mut hands: Hands<'_, '_>,
        deadline: Option<Duration>,
    ) -> Result<D::Output> {
        let mut event = Event::Start;
        loop {
            event = match dialog.step(event)? {
                Step::Send(command) => {
                    self.queue(&command);
                    self.reply_for(&dialog, deadline).await?
                }
                Step::Queue(command) => {
                    self.queue(&command);
                    in_time(deadline, self.flush()).await?;
                    Event::Queued
                }
                Step::AwaitReply => self.reply_for(&dialog, deadline).await?,
                Step::Open(endpoint) => match &mut hands {
                    Hands::Data(dialler) => dialler.open(endpoint).await,
                    _ => Event::NotOpened,
                },
                Step::Listen => match &mut hands {
                    Hands::Data(dialler) => {
                        Event::Listening(dialler.listen().await.map_err(Error::DataConnect)?)
                    }
                    _ => Event::NotOpened,
                },
                Step::Secure => match &hands {
                    Hands::Tls(tls) => {
                        self.encrypt(tls, deadline).await?;
                        Event::Secured
                    }
                    _ => Event::NotOpened,
                },
                Step::Done(output) => return Ok(output),
                Step::Synchronised(output) => {
                    self.owed = 0;
                    return Ok(output);
                }
                _ => Event::NotOpened,
            };
        }
    }

    async fn reply_for<D: Dialog>(&mut self, dialog: &D, deadline: Option<Duration>) -> Result<Event> {
        loop {
            let reply = self.next_reply(deadline).await?;
            if dialog.wants_preliminary() || !reply.code().is_preliminary() {
                return Ok(Event::Reply(reply));
            }
        }
    }

    fn queue(&mut self, command: &Command) {
        debug!(target: "oxftp::protocol", "> {command}");
        self.outgoing.extend_from_slice(command.as_bytes());
        self.outgoing.extend_from_slice(b"\r\n");
        self.owed += 1;
    }

    async fn flush(&mut self) -> Result<()> {
        let Some(stream) = &mut self.stream else { return Err(self.unusable()) };
        while !self.outgoing.is_empty() {
            match stream.write(&self.outgoing).await {
                Ok(0) => return Err(self.lost(io::ErrorKind::WriteZero.into())),
                Ok(written) => self.outgoing.advance(written),
                Err(error) => return Err(self.lost(error)),
            }
        }
        let flushed = stream.flush().await;
        flushed.map_err(|error| self.lost(error))
    }

    async fn next_reply(&mut self, deadline: Option<Duration>) -> Result<Reply> {
        in_time(deadline, async {
            if !self.outgoing.is_empty() {
                self.flush().await?;
            }
            self.receive().await
        })
        .await
    }

    async fn receive(&mut self) -> Result<Reply> {
        loop {
            let reply = match self.receive_any().await {
                Ok(reply) => reply,
                Err(error) => return self.keep_alives.take_held().ok_or(error),
            };
            if self.is_straggler(&reply) {
                self.keep(reply);
                continue;
            }
            let reply = self.count(reply)?;
            if let Some(reply) = self.keep_alives.filter(reply) {
                return Ok(reply);
            }
        }
    }

    async fn receive_any(&mut self) -> Result<Reply> {
        loop {
            match self.decoder.next_reply() {
                Ok(Some(reply)) => return Ok(self.hidden.reply(reply)),
                Ok(None) => {}
                Err(error) => {
                    self.give_up("the server broke the protocol", None);
                    return Err(self.hidden.error(error).into());
                }
            }
            let Some(stream) = &mut self.stream else { return Err(self.unusable()) };
            match stream.read_buf(self.decoder.buffer_mut()).await {
                Ok(0) => {
                    self.give_up("the server closed it", None);
                    return Err(Error::Closed { reply: None });
                }
                Ok(_) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    fn count(&mut self, reply: Reply) -> Result<Reply> {
        debug!(target: "oxftp::protocol", "< {}", self.hidden.text(&reply.to_string()));
        if reply.code().is_preliminary() {
            self.preliminary += 1;
            if self.preliminary > self.most_preliminary {
                self.give_up("the server sends preliminary replies without end", None);
                return Err(Error::Limit { what: "preliminary replies", limit: self.most_preliminary });
            }
            return Ok(reply);
        }
        self.preliminary = 0;
        self.owed = self.owed.saturating_sub(1);
        if reply.code() == Code::SERVICE_CLOSING {
            self.give_up("the server closed it", Some(reply.clone()));
        }
        Ok(reply)
    }

    fn keep(&mut self, reply: Reply) {
        debug!("nobody waits for this reply any more: {reply}");
        if self.settled.len() == MOST_SETTLED {
            self.settled.pop_front();
        }
        self.settled.push_back(reply);
    }
}

/// Replies kept that nobody waited for.
const MOST_SETTLED: usize = 16;
