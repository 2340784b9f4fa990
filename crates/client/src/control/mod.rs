//! Control connection: sends commands and reads replies. No other module awaits a reply.
//!
//! Every reply belongs to one command. Outstanding replies are counted before anything is awaited, so every
//! future is cancel-safe: the next command first reads the replies that are still outstanding.

mod abort;
mod keep_alive;
mod pipeline;
mod pipelined_passive;
mod redact;
mod repeated;
mod tls;
mod unsolicited;

pub(crate) use self::keep_alive::KeepAlive;
pub(crate) use self::pipelined_passive::PipelinedPassive;

use std::{collections::VecDeque, fmt::Write, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use crate::trace::debug;
use bytes::{Buf, BytesMut};
use oxftp_proto::{
    Code, Command, Limits, Reply, ReplyDecoder, Secret,
    dialog::{Abort, Dialog, Event, KeepAlives, Step},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};

use self::{pipelined_passive::PipelinedQueries, redact::Redactor, repeated::RepeatedReplies};
use crate::{
    Error, Result, Throttle,
    capabilities::optional_commands::{OptionalCommand, OptionalCommands},
    connect::{BoxSocket, data_dialer::DataDialer},
    deadline::{Deadline, REPLY, ReusedTimer},
    stream::{Stream, Transport},
    tls::TlsSession,
};

/// A control connection with its outstanding replies.
pub(crate) struct ControlChannel {
    /// `None` once the connection is unusable.
    stream: Option<Stream>,
    /// Address of the server. The operating system is asked only once.
    peer_address: Option<SocketAddr>,
    local_address: Option<SocketAddr>,
    decoder: ReplyDecoder,
    /// Bytes of commands that are not sent yet. A dropped future leaves the unsent rest here.
    outgoing: BytesMut,
    /// The commands whose final replies are outstanding, the oldest first.
    awaited: VecDeque<Awaited>,
    /// An `ABOR` whose replies are outstanding.
    abort: Option<Abort>,
    /// `true` if a second reply may follow the first reply to an aborted transfer.
    late_reply: bool,
    /// The passive command of the next transfer, sent before the final reply of the current one.
    pipelined: PipelinedPassive,
    /// The time at which that command was sent.
    pipelined_at: Instant,
    /// Queries about the file of the current transfer, sent before its final reply.
    queries: PipelinedQueries,
    /// The `NOOP`s of the latest transfer among the outstanding commands.
    keep_alives: KeepAlives,
    /// Replies to commands whose futures were dropped, the latest last.
    unclaimed: VecDeque<Reply>,
    /// The reason why the connection is unusable.
    broken: Option<BrokenReason>,
    redactor: Redactor,
    /// The latest command line as it is shown; kept to reuse its memory.
    shown: String,
    throttle: Throttle,
    max_preliminary: usize,
    /// Number of preliminary replies since the last final reply.
    preliminary: usize,
    /// `true` if a preliminary reply has arrived since the latest transfer began.
    had_preliminary: bool,
    /// `true` if a reply was taken that ended with another code. The replies to pipelined commands could not be
    /// attributed then.
    took_tentative: bool,
    /// `true` if the server drops commands that arrive together with another one.
    drops_pipelined: bool,
    /// A passive command was sent together with queries, and it is not known whether the server answers commands that arrive
    /// together.
    is_unproven_batch: bool,
    /// The server has answered such a passive command.
    has_answered_batch: bool,
    repeated: RepeatedReplies,
    deadline: Option<Duration>,
    commands: Arc<OptionalCommands>,
    /// The optional command after which the server became silent or closed the connection.
    lost_to: Option<OptionalCommand>,
    /// The optional command that was refused as unknown by the last reply.
    refused_optional: Option<OptionalCommand>,
    waits: ReplyWaits,
    /// The timer of the deadlines of replies.
    timer: ReusedTimer,
    /// `true` if the server closed or reset the connection.
    closed_by_server: bool,
    /// `true` if the connection was closed because the server does not answer `ABOR`.
    lost_to_abort: bool,
}

/// The number of replies, and the time spent waiting for them.
#[derive(Debug, Default, Clone, Copy)]
struct ReplyWaits {
    replies: u32,
    total: Duration,
    shortest: Option<Duration>,
}

impl ReplyWaits {
    fn add(&mut self, wait: Duration) {
        self.replies += 1;
        self.total += wait;
        self.shortest = Some(self.shortest.map_or(wait, |shortest| shortest.min(wait)));
    }
}

/// An outstanding reply.
#[derive(Debug)]
struct Awaited {
    to: AwaitedCommand,
    /// The command line, with secrets hidden; `None` for the greeting.
    line: Option<Arc<str>>,
    /// `true` if the command downloads a file or a listing.
    is_download: bool,
}

/// The command that an outstanding reply belongs to, or the greeting.
#[derive(Debug, Clone, Copy)]
enum AwaitedCommand {
    Greeting,
    Optional(OptionalCommand),
    Quit,
    Other,
}

fn is_download(command: &Command) -> bool {
    [&b"RETR"[..], b"LIST", b"MLSD", b"NLST"].iter().any(|verb| command.verb().eq_ignore_ascii_case(verb))
}

/// The wait for the final reply to a download after its stream was dropped, before `ABOR` is sent. No `ABOR` is sent
/// for an upload: it may be complete, and the server may still be storing it.
const ABANDONED_TIMEOUT: Duration = Duration::from_secs(5);

/// The reason why a control connection is unusable.
struct BrokenReason {
    why: String,
    /// The reply with which the server closed it.
    last_reply: Option<Reply>,
}

/// Further connections that a dialog uses besides the control connection.
pub(crate) enum DialogIo<'a, 'd> {
    None,
    Data(&'a mut DataDialer<'d>),
    Tls(&'a TlsSession),
}

impl ControlChannel {
    pub(crate) fn new(
        socket: BoxSocket,
        throttle: &Throttle,
        limits: &Limits,
        deadline: Option<Duration>,
        commands: Arc<OptionalCommands>,
    ) -> Self {
        Self {
            peer_address: socket.peer_address(),
            local_address: socket.local_address(),
            stream: Some(Stream::new(Transport::Plain(socket), throttle, None)),
            decoder: ReplyDecoder::new(limits),
            outgoing: BytesMut::new(),
            awaited: VecDeque::new(),
            abort: None,
            late_reply: false,
            pipelined: PipelinedPassive::None,
            pipelined_at: Instant::now(),
            queries: PipelinedQueries::default(),
            keep_alives: KeepAlives::default(),
            unclaimed: VecDeque::new(),
            broken: None,
            redactor: Redactor::default(),
            shown: String::new(),
            throttle: throttle.clone(),
            max_preliminary: limits.preliminary_replies,
            preliminary: 0,
            had_preliminary: false,
            took_tentative: false,
            drops_pipelined: false,
            is_unproven_batch: false,
            has_answered_batch: false,
            repeated: RepeatedReplies::default(),
            deadline,
            commands,
            lost_to: None,
            refused_optional: None,
            waits: ReplyWaits::default(),
            timer: ReusedTimer::default(),
            closed_by_server: false,
            lost_to_abort: false,
        }
    }

    pub(crate) fn peer_address(&self) -> Option<SocketAddr> {
        self.peer_address
    }

    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.local_address
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_encrypted)
    }

    /// Returns the TLS state; `None` if the connection is not encrypted.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(&self) -> Option<&rustls::ClientConnection> {
        self.stream.as_ref().and_then(Stream::tls)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.stream.is_none()
    }

    /// Runs a dialog. The usual deadline applies to each reply.
    pub(crate) async fn run<D: Dialog>(&mut self, dialog: D) -> Result<D::Output> {
        self.settle().await?;
        self.drive(dialog, DialogIo::None, self.deadline).await
    }

    /// Runs a dialog that opens a data connection or encrypts the control connection.
    pub(crate) async fn run_with<D: Dialog>(&mut self, dialog: D, io: DialogIo<'_, '_>) -> Result<D::Output> {
        self.settle().await?;
        self.drive(dialog, io, self.deadline).await
    }

    /// Runs a dialog that waits for outstanding replies, so they are not settled first.
    pub(crate) async fn resume<D: Dialog>(
        &mut self,
        dialog: D,
        deadline: Option<Duration>,
    ) -> Result<D::Output> {
        self.check_usable()?;
        self.drive(dialog, DialogIo::None, deadline).await
    }

    /// Runs a dialog that opens a data connection and waits for outstanding replies.
    pub(crate) async fn resume_with<D: Dialog>(
        &mut self,
        dialog: D,
        io: DialogIo<'_, '_>,
    ) -> Result<D::Output> {
        self.check_usable()?;
        self.drive(dialog, io, self.deadline).await
    }

    /// Returns whether a final reply is outstanding.
    pub(crate) fn has_outstanding(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// Counts the greeting as an outstanding reply, although no command asks for it.
    pub(crate) fn expect_greeting(&mut self) {
        self.awaited.push_back(Awaited { to: AwaitedCommand::Greeting, line: None, is_download: false });
    }

    /// Returns the number of outstanding final replies.
    fn outstanding(&self) -> usize {
        self.awaited.len()
    }

    /// Returns the optional command after which the session was lost. It is not sent to this server again.
    pub(crate) fn lost_to(&self) -> Option<OptionalCommand> {
        self.lost_to
    }

    /// Returns the number of replies so far, excluding a reply that ended the session.
    pub(crate) fn replies(&self) -> u32 {
        self.waits.replies
    }

    /// Returns the time that the server needed for the replies so far, without the round trips.
    pub(crate) fn server_time(&self) -> Duration {
        let ReplyWaits { replies, total, shortest } = self.waits;
        total.saturating_sub(shortest.unwrap_or_default() * replies)
    }

    /// Returns the time of the fastest reply so far.
    pub(crate) fn round_trip(&self) -> Duration {
        self.waits.shortest.unwrap_or_default()
    }

    /// Returns whether the server closed or reset the connection.
    pub(crate) fn was_closed_by_server(&self) -> bool {
        self.closed_by_server
    }

    /// Returns whether the connection was closed because the server does not answer `ABOR`.
    pub(crate) fn was_lost_to_abort(&self) -> bool {
        self.lost_to_abort
    }

    /// Sets the deadline of replies.
    pub(crate) fn set_deadline(&mut self, deadline: Option<Duration>) {
        self.deadline = deadline;
    }

    /// Redacts these secrets from all replies, in place of those set before.
    pub(crate) fn redact(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.redactor.set(secrets);
    }

    /// Redacts these secrets, too.
    pub(crate) fn redact_further(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.redactor.add(secrets);
    }

    /// Returns a text without secrets.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.redactor.text(text).into_owned()
    }

    /// Stops redacting replies that carry a value, such as a path or a number.
    pub(crate) fn redact_messages_only(&mut self) {
        self.redactor.exempt_values();
    }

    /// Sends a command without waiting for its reply.
    pub(crate) async fn send(&mut self, command: &Command) -> Result<()> {
        self.settle().await?;
        self.redactor.add(command.secret());
        self.queue(command);
        Deadline::start(self.deadline).await_reply(self.flush()).await
    }

    /// Reads the next reply, to whichever command it belongs.
    pub(crate) async fn read_reply(&mut self) -> Result<Reply> {
        self.check_usable()?;
        self.next_reply(self.deadline).await
    }

    /// Reads the outstanding replies to commands whose futures were dropped.
    ///
    /// Returns an error if they do not arrive in time. The connection is broken then.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        self.check_usable()?;
        self.await_closed_download().await?;
        self.pipelined = PipelinedPassive::None;
        if self.abort.is_some() {
            let _ = self.finish_abort().await;
            self.check_usable()?;
        }
        if self.outstanding() > self.keep_alives.waiting() && self.commands.avoids(OptionalCommand::ABOR) {
            // The reply to a transfer that was ended early may be missing as well.
            self.abort_unanswered();
            return Err(self.unusable());
        }
        let had_download = self.awaited.iter().any(|awaited| awaited.is_download);
        while self.outstanding() > self.keep_alives.waiting() {
            let had_preliminary = self.had_preliminary;
            let deadline = match had_download {
                true => Some(self.deadline.map_or(ABANDONED_TIMEOUT, |most| most.min(ABANDONED_TIMEOUT))),
                false => self.deadline,
            };
            match self.next_reply(deadline).await {
                // Pure-FTPd sends `150` and no final reply if a data connection is closed while it writes.
                Ok(reply) if had_download && had_preliminary && reply.code().is_preliminary() => {
                    self.keep_unclaimed(reply);
                    self.abort_abandoned(true).await?;
                }
                Ok(reply) => self.keep_unclaimed(reply),
                Err(error) if error.is_timeout() && deadline != self.deadline => {
                    self.abort_abandoned(false).await?
                }
                Err(error) => {
                    if error.is_timeout() {
                        self.abort_unanswered();
                    }
                    self.mark_broken("the reply to an earlier command did not arrive", None);
                    return Err(error);
                }
            }
        }
        self.skip_keep_alive_replies().await?;
        if self.is_repeated_due() {
            self.await_repeated().await?;
        }
        self.refuse_unsolicited().await
    }

    /// Returns the replies to commands whose futures were dropped, and forgets them.
    pub(crate) fn take_unclaimed(&mut self) -> Vec<Reply> {
        self.unclaimed.drain(..).collect()
    }

    /// Closes the connection at once.
    pub(crate) fn close(&mut self) {
        self.mark_broken("the client closed the connection", None);
    }

    /// Returns the connection, after the outstanding replies. It is not used any more.
    pub(crate) async fn detach(&mut self) -> Result<BoxSocket> {
        self.settle().await?;
        if !self.decoder.is_empty() {
            return Err(self.desynchronised(self.decoder.unfinished()));
        }
        let socket = self.stream.take().and_then(Stream::into_plain);
        self.mark_broken("its control connection was detached", None);
        socket.ok_or_else(|| self.unusable())
    }

    /// Closes the connection cleanly (with TLS: `close_notify`).
    pub(crate) async fn shut_down(&mut self) {
        if let Some(mut stream) = self.stream.take() {
            let _ = Deadline::start(Some(SHUTDOWN_TIMEOUT)).cut(stream.shutdown()).await;
        }
        self.close();
    }

    /// Marks the connection as broken by an I/O error, and returns that error.
    fn connection_lost(&mut self, error: io::Error) -> Error {
        self.closed_by_server = true;
        self.mark_broken(&error.to_string(), None);
        Error::Control(error)
    }

    /// Marks the connection as broken. The first reason is kept.
    pub(super) fn mark_broken(&mut self, why: &str, last_reply: Option<Reply>) {
        self.stream = None;
        if self.broken.is_none() {
            self.broken = Some(BrokenReason { why: why.to_owned(), last_reply });
        }
    }

    /// Returns an error with the reason if the connection is unusable.
    pub(crate) fn check_usable(&self) -> Result<()> {
        if self.stream.is_some() { Ok(()) } else { Err(self.unusable()) }
    }

    /// Returns the error for an unusable connection.
    pub(super) fn unusable(&self) -> Error {
        match &self.broken {
            Some(BrokenReason { last_reply: Some(reply), .. }) => {
                Error::Closed { reply: Some(reply.clone()) }
            }
            Some(BrokenReason { why, last_reply: None }) => Error::Broken { why: why.clone() },
            None => Error::Broken { why: "the connection is not open".into() },
        }
    }

    /// Runs the steps of a dialog.
    async fn drive<D: Dialog>(
        &mut self,
        mut dialog: D,
        mut io: DialogIo<'_, '_>,
        deadline: Option<Duration>,
    ) -> Result<D::Output> {
        let mut event = Event::Start;
        loop {
            event = match dialog.step(event)? {
                Step::Send(command) => {
                    if self.is_repeated_due() {
                        self.await_repeated().await?;
                    }
                    self.queue(&command);
                    self.reply_for(&dialog, deadline).await?
                }
                Step::Queue(command) => {
                    self.queue(&command);
                    Deadline::start(deadline).await_reply(self.flush()).await?;
                    Event::Queued
                }
                Step::AwaitReply => self.reply_for(&dialog, deadline).await?,
                Step::Open(address) => match &mut io {
                    DialogIo::Data(dialer) => {
                        let has_ended = || self.stream.as_ref().is_none_or(Stream::has_ended);
                        dialer.open(address, &has_ended).await
                    }
                    _ => Event::NotOpened,
                },
                Step::Listen => match &mut io {
                    DialogIo::Data(dialer) => {
                        Event::Listening(dialer.listen().await.map_err(Error::DataConnect)?)
                    }
                    _ => Event::NotOpened,
                },
                Step::Secure => match &io {
                    DialogIo::Tls(tls) => {
                        self.encrypt(tls, deadline).await?;
                        Event::Secured
                    }
                    _ => Event::NotOpened,
                },
                Step::Done(output) => return Ok(output),
                Step::Synchronised(output) => {
                    self.awaited.clear();
                    return Ok(output);
                }
                _ => Event::NotOpened,
            };
        }
    }

    /// Reads the next reply that the dialog wants.
    async fn reply_for<D: Dialog>(&mut self, dialog: &D, deadline: Option<Duration>) -> Result<Event> {
        loop {
            let reply = self.next_reply(deadline).await?;
            if dialog.wants_preliminary() || !reply.code().is_preliminary() {
                return Ok(Event::Reply(reply));
            }
        }
    }

    /// Appends a command to the outgoing bytes, and counts its reply as outstanding.
    fn queue(&mut self, command: &Command) {
        self.shown.clear();
        let _ = write!(self.shown, "{command}"); // A `String` takes everything.
        let line: Arc<str> = Arc::from(&*self.redactor.text(&self.shown));
        debug!(target: "oxftp::protocol", "> {line}");
        self.outgoing.extend_from_slice(command.as_bytes());
        self.outgoing.extend_from_slice(b"\r\n");
        let to = match OptionalCommand::of(command.as_bytes()) {
            Some(optional) => AwaitedCommand::Optional(optional),
            None if command.as_bytes() == b"QUIT" => AwaitedCommand::Quit,
            None => AwaitedCommand::Other,
        };
        self.awaited.push_back(Awaited { to, line: Some(line), is_download: is_download(command) });
    }

    /// Sends the outgoing bytes.
    async fn flush(&mut self) -> Result<()> {
        let Some(stream) = &mut self.stream else { return Err(self.unusable()) };
        while !self.outgoing.is_empty() {
            match stream.write(&self.outgoing).await {
                Ok(0) => return Err(self.connection_lost(io::ErrorKind::WriteZero.into())),
                Ok(written) => self.outgoing.advance(written),
                Err(error) => return Err(self.connection_lost(error)),
            }
        }
        let flushed = stream.flush().await;
        flushed.map_err(|error| self.connection_lost(error))
    }

    /// Sends the outgoing bytes, and reads the next reply.
    async fn next_reply(&mut self, deadline: Option<Duration>) -> Result<Reply> {
        let reply_timeout = match self.awaited.front().map(|awaited| awaited.to) {
            Some(AwaitedCommand::Optional(command)) => self.commands.reply_timeout(command, deadline),
            _ => deadline,
        };
        if self.is_unproven_batch && self.outstanding() == 1 && self.keep_alives.waiting() == 0 {
            self.is_unproven_batch = false;
            return self.next_reply_of_batch(deadline).await;
        }
        let asked = Instant::now();
        let mut received = self.receive_until(Deadline::start(reply_timeout)).await;
        if matches!(received, Err(Error::Timeout { .. }))
            && reply_timeout != deadline
            && !self.decoder.is_empty()
        {
            // A part of the reply has arrived, so the rest is awaited for the full deadline.
            let rest = deadline.map(|deadline| deadline.saturating_sub(reply_timeout.unwrap_or_default()));
            received = Deadline::start(rest).await_reply(self.flush_and_receive()).await;
        }
        match &received {
            // The session ended before the answer.
            Ok(reply) if reply.code() == Code::SERVICE_CLOSING => {}
            Ok(_) => self.waits.add(asked.elapsed()),
            Err(error) => self.blame(error),
        }
        received
    }

    async fn receive_until(&mut self, deadline: Deadline) -> Result<Reply> {
        let mut timer = std::mem::take(&mut self.timer);
        let received = deadline.cut_by(&mut timer, pin!(self.flush_and_receive())).await;
        self.timer = timer;
        received.unwrap_or_else(|| Err(deadline.expired(REPLY)))
    }

    async fn flush_and_receive(&mut self) -> Result<Reply> {
        if !self.outgoing.is_empty() {
            self.flush().await?;
        }
        self.receive().await
    }

    /// Records the optional command to which the session is lost: the oldest command without a reply, or one that was
    /// refused just before. The server may not know the command, and hang or close the connection because of it.
    fn blame(&mut self, error: &Error) {
        let is_loss = error.tls_failure().is_none()
            && matches!(error, Error::Closed { .. } | Error::Control(_) | Error::Timeout { .. });
        let oldest = self.awaited.front().filter(|_| is_loss).map(|awaited| awaited.to);
        match oldest {
            Some(AwaitedCommand::Optional(command)) => {
                if matches!(error, Error::Timeout { .. }) {
                    self.commands.note_silence();
                }
                self.blame_command(command);
            }
            Some(_) if !matches!(error, Error::Timeout { .. }) => self.blame_refused(),
            _ => {}
        }
    }

    /// Records that the server closed the connection after it had refused an optional command.
    pub(super) fn blame_refused(&mut self) {
        if let Some(command) = self.refused_optional.take()
            && self.lost_to.is_none()
        {
            debug!("{} is not sent to this server again: the session ends after it", command.name());
            self.commands.avoid(command);
            self.lost_to = Some(command);
        }
    }

    fn blame_command(&mut self, command: OptionalCommand) {
        if self.lost_to.is_none() && self.commands.lost(command) {
            debug!("{} is not sent to this server again: the session is lost after it", command.name());
            self.lost_to = Some(command);
            self.mark_broken("the server did not answer an optional command", None);
        }
    }

    /// Reads the next reply, except for late replies and replies to `NOOP`.
    async fn receive(&mut self) -> Result<Reply> {
        loop {
            let reply = match self.receive_any().await {
                Ok(reply) => reply,
                Err(error) => return self.keep_alives.take_held().ok_or(error),
            };
            if self.is_late_reply(&reply) {
                self.keep_unclaimed(reply);
                continue;
            }
            if self.take_repeated_in_turn(&reply) {
                continue;
            }
            let reply = self.count(reply)?;
            if let Some(reply) = self.keep_alives.filter(reply) {
                return Ok(reply);
            }
        }
    }

    /// Reads the next reply of any kind, redacted.
    async fn receive_any(&mut self) -> Result<Reply> {
        loop {
            match self.decoder.next_reply() {
                Ok(Some(reply)) => return Ok(self.redactor.reply(reply)),
                Ok(None) => {}
                Err(error) => {
                    self.mark_broken("the server sent an invalid reply", None);
                    return Err(self.redactor.error(error).into());
                }
            }
            // The greeting may follow its notices late.
            let is_greeting =
                matches!(self.awaited.front(), Some(Awaited { to: AwaitedCommand::Greeting, .. }));
            let stray = self.decoder.stray_line();
            let is_doubtful = self.decoder.ends_in_return() || stray.is_some() && !is_greeting;
            let reply_timeout =
                (is_doubtful || self.decoder.has_tentative_reply()).then(|| self.tentative_timeout());
            let Some(stream) = &mut self.stream else { return Err(self.unusable()) };
            let read = Deadline::start(reply_timeout).cut(stream.read_buf(self.decoder.buffer_mut())).await;
            if matches!(read, None | Some(Ok(0)))
                && let Some(reply) = self.decoder.take_tentative_reply()
            {
                debug!("the server ended a reply with another code");
                self.took_tentative = true;
                return Ok(self.redactor.reply(reply));
            }
            if read.is_none() && self.decoder.ends_in_return() {
                self.decoder.end_lines_by_returns();
                continue;
            }
            if let Some(error) = stray.filter(|_| matches!(read, None | Some(Ok(0)))) {
                self.mark_broken("the server sent an invalid reply", None);
                return Err(self.redactor.error(error).into());
            }
            match read.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
                Ok(0) => {
                    self.closed_by_server = true;
                    self.mark_broken("the server closed the connection", None);
                    return Err(Error::Closed { reply: None });
                }
                Ok(_) => {}
                Err(error) => return Err(self.connection_lost(error)),
            }
        }
    }

    /// Returns the time without received bytes after which a multi-line reply that may have ended with another code
    /// is complete.
    fn tentative_timeout(&self) -> Duration {
        if self.decoder.has_confirmed_tentative_reply() {
            return CONFIRMED_TENTATIVE_TIMEOUT;
        }
        let half = self.deadline.map(|deadline| deadline / 2);
        half.map_or(TENTATIVE_TIMEOUT, |half| half.min(TENTATIVE_TIMEOUT))
    }

    /// Counts a reply: a final one is no longer outstanding, and the number of preliminary ones is limited.
    fn count(&mut self, reply: Reply) -> Result<Reply> {
        debug!(target: "oxftp::protocol", "< {}", self.redactor.text(&reply.to_string()));
        if reply.code().is_preliminary() {
            self.preliminary += 1;
            self.had_preliminary = true;
            if self.preliminary > self.max_preliminary {
                self.mark_broken("the server sent too many preliminary replies", None);
                return Err(Error::Limit { what: "preliminary replies", limit: self.max_preliminary });
            }
            let Some(Awaited { to, line, .. }) = self.awaited.front() else { return Ok(reply) };
            if let AwaitedCommand::Optional(command) = to {
                self.commands.answered(*command);
            }
            return Ok(with_command(reply, line.clone()));
        }
        self.preliminary = 0;
        let (awaited, line) = match self.awaited.pop_front() {
            Some(Awaited { to, line, .. }) => (Some(to), line),
            None => (None, None),
        };
        let reply = with_command(reply, line);
        self.note_final(&reply);
        self.refused_optional = match awaited {
            Some(AwaitedCommand::Optional(command)) if reply.code().is_unsupported() => Some(command),
            _ => None,
        };
        let ends_session = match awaited {
            // A 221 in reply to any command but `QUIT` means that the server closes the session without executing the
            // command.
            Some(AwaitedCommand::Optional(_) | AwaitedCommand::Other)
                if reply.code() == Code::SERVICE_CLOSED =>
            {
                true
            }
            _ => reply.code() == Code::SERVICE_CLOSING,
        };
        if ends_session {
            self.closed_by_server = true;
            self.mark_broken("the server closed the connection", Some(reply.clone()));
        }
        if let Some(AwaitedCommand::Optional(command)) = awaited {
            match ends_session {
                true => self.blame_command(command),
                false => self.commands.answered(command),
            }
        }
        match ends_session && reply.code() == Code::SERVICE_CLOSED {
            true => Err(Error::Closed { reply: Some(reply) }),
            false => Ok(reply),
        }
    }

    /// Keeps a reply to a command whose future was dropped.
    fn keep_unclaimed(&mut self, reply: Reply) {
        debug!("reply to a command whose future was dropped: {reply}");
        if self.unclaimed.len() == MAX_UNCLAIMED {
            self.unclaimed.pop_front();
        }
        self.unclaimed.push_back(reply);
    }
}

/// Records the command that a reply answers.
fn with_command(reply: Reply, line: Option<Arc<str>>) -> Reply {
    match line {
        Some(line) => reply.with_command(line),
        None => reply,
    }
}

/// The wait for the rest of a multi-line reply that may have ended with another code.
const TENTATIVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The same wait, once the server is known to end replies with other codes.
const CONFIRMED_TENTATIVE_TIMEOUT: Duration = Duration::from_millis(300);

/// Maximum number of kept replies to commands whose futures were dropped.
const MAX_UNCLAIMED: usize = 16;

/// Maximum duration of a clean close.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
