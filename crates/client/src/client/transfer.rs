//! Opening transfers.

use oxftp_proto::{
    Code, Command, RemotePath, Reply, TransferType,
    dialog::{Active, Completion, Dated, Dating, Exchange, Passive, PassiveMode, Started, Transfer},
};
use std::{future::IntoFuture, io, pin::pin};

use super::{Client, compression::TransferMode};
use crate::{
    DataStream, Error, Result, TransferSummary,
    connect::{
        BoxSocket,
        data_dialer::{DataDialer, Opened, too_slow},
    },
    control::{DialogIo, PipelinedPassive, keep_alive_timer::KeepAlive},
    data::{DataConnection, Masks, ReadAhead, within_reason},
    deadline::within,
    future::BoxFuture,
    stream::{Direction, Stream, Transport},
    tls::end_sending,
};

impl Client {
    /// Sends a command that moves data, such as `LIST -a /pub` or `RETR x`, and gives the stream.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let stream = client.data_command("NLST").transfer_type(oxftp::TransferType::Ascii).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a command does nothing until it is awaited"]
    pub fn data_command(&mut self, line: impl Into<String>) -> DataCommand<'_> {
        let command = Command::raw(&line.into(), self.config.encoding).map_err(Error::from);
        DataCommand {
            client: self,
            command,
            transfer_type: TransferType::Image,
            offset: 0,
            follow_up: FollowUp::Nothing,
        }
    }

    /// Opens a file for reading (`RETR`; RFC 959, 4.1.3), with
    /// [`offset`](DataCommand::offset) from that byte on (`REST`).
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn download_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_> {
        self.data_path_command("RETR", &path.into())
    }

    /// Opens a file for writing (`STOR`; RFC 959, 4.1.3); one that exists is overwritten, with
    /// [`offset`](DataCommand::offset) from that byte on (`REST`).
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn upload_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_> {
        self.data_path_command("STOR", &path.into())
    }

    /// Opens a file for writing at its end (`APPE`; RFC 959, 4.1.3); one that does not exist is
    /// made.
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn append_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_> {
        self.data_path_command("APPE", &path.into())
    }

    /// Opens a data connection in passive mode and sends nothing over it, for protocols of one's
    /// own: the next command decides what it is for.
    ///
    /// The connection is not encrypted, as TLS may start only after that command.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::{PassiveMode, TransferType};
    ///
    /// let socket = client.passive_connection(TransferType::Image, &[PassiveMode::Epsv]).await?;
    /// let reply = client.command("STOU").expect("1xx").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when each of `modes` is refused; [`Error::DataConnect`] when nothing
    /// answers where the server says it listens.
    pub async fn passive_connection(
        &mut self,
        transfer_type: TransferType,
        modes: &[PassiveMode],
    ) -> Result<BoxSocket> {
        self.set_type(transfer_type).await?;
        self.set_mode(TransferMode::Stream).await?;
        match self.open_passive(None, modes.to_vec()).await? {
            (Opened::Socket(socket), _) => {
                socket.reset_on_close(false);
                Ok(socket)
            }
            (Opened::Listener(_), _) => Err(Error::DataConnect(io::ErrorKind::Unsupported.into())),
        }
    }

    pub(crate) fn data_path_command(&mut self, verb: &'static str, path: &RemotePath) -> DataCommand<'_> {
        let command = Command::with_path(verb, path, self.config.encoding).map_err(Error::from);
        DataCommand {
            client: self,
            command,
            transfer_type: TransferType::Image,
            offset: 0,
            follow_up: FollowUp::Nothing,
        }
    }

    /// Opens a data connection and starts the transfer; TLS is shaken io_for_dialog on while the first
    /// reply is awaited, since some servers reply only after it and others only before.
    pub(crate) async fn open_data(
        &mut self,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        self.go_home().await?;
        self.open_data_here(command, transfer_type, offset, follow_up).await
    }

    /// Opens a file for reading from its start, and asks for its time on the way.
    pub(crate) async fn open_dated_data(
        &mut self,
        path: &RemotePath,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let retr = Command::with_path("RETR", path, self.config.encoding)?;
        let questions = match self.known.no_mdtm {
            false => FileQueries::Time(Command::with_path("MDTM", path, self.config.encoding)?),
            true => FileQueries::None,
        };
        self.go_home().await?;
        self.begin(questions, retr, TransferType::Image, 0, true, follow_up).await
    }

    /// Opens a data connection for an upload whose size is compared when it is
    /// [compressed](DataConnection::is_compressed). Else `questions` are asked behind it where that costs
    /// nothing.
    pub(crate) async fn open_compared_upload(
        &mut self,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
        questions: Vec<Command>,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        self.go_home().await?;
        self.begin(FileQueries::Stored(questions), command, transfer_type, offset, true, follow_up).await
    }

    /// Opens a data connection in whichever directory was entered.
    pub(crate) async fn open_data_here(
        &mut self,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let compressible = direction(&command) == Direction::Down;
        self.begin(FileQueries::None, command, transfer_type, offset, compressible, follow_up).await
    }

    async fn begin(
        &mut self,
        questions: FileQueries,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
        compressible: bool,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let direction = direction(&command);
        if self.tls.is_some() && !self.known.protects_data {
            // Whoever asked for TLS is sent no byte in clear.
            return Err(Error::NotOffered { what: "encrypted data connections (PROT P)" });
        }
        self.await_handshakes().await?;
        self.set_type(transfer_type).await?;
        let compressed = self.compresses(compressible && offset == 0, direction).await?;
        let (question, behind) = questions.split(self.mode_ahead(direction, follow_up).is_some(), compressed);
        let (opened, dating) = match &self.config.active {
            Some(_) => (self.open_active().await?, None),
            None => self.open_passive_for(&command, question).await?,
        };
        self.known.no_mdtm |= dating == Some(Dating::Unknown);
        let restart = (offset > 0 || self.known.restart_pending).then_some(offset);
        self.known.restart_pending |= restart.is_some();
        self.control.begin_transfer();
        let ahead = self.mode_ahead(direction, follow_up);
        let outcome = self.start(Transfer::new(command, restart), opened, direction).await;
        if matches!(&outcome, Err(Error::StatusCode(error)) if error.expected == [RESTART_TAKEN]) {
            // A refused REST leaves nothing behind.
            self.known.restart_pending = false;
        }
        let (started, stream) = outcome?;
        // libunftp starts the next transfer there, too, when this one does not come to its end.
        self.known.restart_pending = offset > 0;
        if let Some(mode) = ahead {
            self.control.plan_ahead(mode, behind);
        }
        let data = DataConnection::new(stream, direction, started).dated(dating);
        Ok(if compressed { data.compressed(self.config.limits.inflated_bytes) } else { data })
    }

    /// Tells whether TLS may be ended on this side before the data come.
    fn ends_early(&self, direction: Direction) -> bool {
        direction == Direction::Down && self.config.pipelining.ends_early(self.self_descriptions())
    }

    async fn start(
        &mut self,
        transfer: Transfer,
        opened: Opened,
        direction: Direction,
    ) -> Result<(Started, Stream)> {
        let timeouts = &self.config.timeouts;
        let ends_early = self.ends_early(direction);
        let tls = self.tls.as_ref();
        let connected = async {
            let socket = match opened {
                Opened::Socket(socket) => socket,
                Opened::Listener(listener) => listener.accept().await.map_err(Error::DataConnect)?,
            };
            // Measured on vsftpd: a polite close of a half-sent upload is answered 226.
            socket.reset_on_close(direction == Direction::Up);
            match tls {
                Some(tls) => {
                    let mut stream = tls.secure_data(ReadAhead::boxed(socket)).await.map_err(Error::Tls)?;
                    if ends_early {
                        end_sending(&mut stream).await.map_err(Error::DataConnect)?;
                    }
                    Ok(Transport::Tls(Box::new(stream)))
                }
                None => Ok(Transport::Plain(socket)),
            }
        };
        let connected = async {
            let too_late = Err(Error::DataConnect(too_slow()));
            within(timeouts.data_connect, connected).await.unwrap_or(too_late)
        };
        let (started, transport) = {
            let mut connected = pin!(connected);
            let mut started = pin!(self.control.run(transfer));
            tokio::select! {
                biased;
                started = &mut started => (started?, connected.await),
                transport = &mut connected => (started.await?, transport),
            }
        };
        match transport {
            Ok(transport) => Ok((started, Stream::new(transport, &self.config.throttle, timeouts.data_idle))),
            Err(error) => Err(self.why_not_connected(started, error).await),
        }
    }

    /// Lets the server say why a data connection failed, if it has something to say.
    async fn why_not_connected(&mut self, started: Started, error: Error) -> Error {
        let masks = Masks::default();
        let Started::Preliminary(_) = started else { return error };
        let completion = Completion::new(masks.expected, masks.waited_past);
        let deadline = within_reason(self.config.timeouts.completion);
        match self.control.resume(completion, deadline).await {
            Err(refused @ Error::StatusCode(_)) => refused,
            _ => error,
        }
    }

    pub(super) async fn open_passive(
        &mut self,
        question: Option<Command>,
        modes: Vec<PassiveMode>,
    ) -> Result<(Opened, Option<Dating>)> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialer = self.dialer(&config, &host);
        let outcome = self.run_passive(question, modes, &mut dialer).await;
        match (outcome, dialer.opened, dialer.failure) {
            (Ok((mode, dating)), Some(opened), _) => {
                self.known.passive = Some(mode);
                Ok((opened, dating))
            }
            (Err(Error::DataConnect(_)), _, Some(failure)) => Err(Error::DataConnect(failure)),
            (Err(error), ..) => Err(error),
            (Ok(_), None, _) => Err(Error::DataConnect(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Asks the server to listen, unless it was asked ahead of time.
    async fn run_passive(
        &mut self,
        question: Option<Command>,
        modes: Vec<PassiveMode>,
        dialer: &mut DataDialer<'_>,
    ) -> Result<(PassiveMode, Option<Dating>)> {
        let first = modes.first().copied();
        let io_for_dialog = DialogIo::Data(dialer);
        let ahead = self.control.take_ahead();
        let outcome = match ahead {
            PipelinedPassive::Sent(mode) if first == Some(mode) => {
                self.control.resume_with(Dated::new(question, Passive::asked(modes)), io_for_dialog).await
            }
            PipelinedPassive::Listening(mode, endpoint) if first == Some(mode) => {
                let passive = Passive::answered(modes, endpoint);
                self.control.resume_with(Dated::new(question, passive), io_for_dialog).await
            }
            _ => self.control.run_with(Dated::new(question, Passive::new(modes)), io_for_dialog).await,
        };
        let mode = outcome.as_ref().ok().map(|(mode, _)| *mode);
        self.known.no_pipelining |=
            ahead == PipelinedPassive::Refused || (ahead != PipelinedPassive::None && mode != first);
        outcome
    }

    /// Gives the passive command that may follow the data of a transfer at once.
    fn mode_ahead(&self, direction: Direction, follow_up: FollowUp) -> Option<PassiveMode> {
        let known = &self.known;
        let wanted = follow_up == FollowUp::Transfer && !known.no_pipelining && !known.wants_pret;
        let wanted = wanted && self.config.active.is_none();
        let allowed = || self.config.pipelining.allows(direction, self.self_descriptions());
        self.known.passive.filter(|_| wanted && allowed())
    }

    async fn open_active(&mut self) -> Result<Opened> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialer = self.dialer(&config, &host);
        let dialog = if self.known.no_eprt { Active::by_port() } else { Active::default() };
        self.known.no_eprt |=
            self.control.run_with(dialog, DialogIo::Data(&mut dialer)).await?.refuses_eprt();
        dialer.opened.ok_or_else(|| Error::DataConnect(io::ErrorKind::NotConnected.into()))
    }

    fn dialer<'a>(&self, config: &'a crate::config::Config, host: &'a str) -> DataDialer<'a> {
        DataDialer {
            connector: &*config.connector,
            host,
            peer: self.control.peer_address().map(|address| address.ip()),
            local: self.control.local_address().map(|address| address.ip()),
            trust_advertised: config.trust_passive_address,
            active: config.active.as_ref(),
            deadline: config.timeouts.data_connect,
            opened: None,
            failure: None,
        }
    }

    /// What worked before comes first; `PASV` cannot name an IPv6 address.
    pub(crate) fn passive_order(&self) -> Vec<PassiveMode> {
        let ipv6 = self.control.peer_address().is_some_and(|address| address.ip().to_canonical().is_ipv6());
        let mut modes = self.config.passive.clone();
        if ipv6 && modes.contains(&PassiveMode::Epsv) {
            modes.retain(|mode| *mode != PassiveMode::Pasv);
        }
        modes.sort_by_key(|mode| Some(*mode) != self.known.passive);
        modes
    }
}

/// A command that moves data, not yet sent; awaiting it sends it and gives a [`DataStream`].
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let stream = client.download_stream("log.txt").offset(1024).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DataCommand<'c> {
    client: &'c mut Client,
    command: Result<Command>,
    transfer_type: TransferType,
    offset: u64,
    follow_up: FollowUp,
}

/// What follows a transfer on the same session. The passive command of a following transfer may be sent before the
/// present one is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Another transfer, with no other command between the two.
    Transfer,
    /// Another command, or nothing that is known yet.
    Nothing,
}

impl FollowUp {
    /// Returns [`Transfer`](Self::Transfer) if there is another one.
    pub(crate) fn transfer_if(another: bool) -> Self {
        if another { Self::Transfer } else { Self::Nothing }
    }
}

impl<'c> DataCommand<'c> {
    /// Sets the representation of the data (`TYPE`). Defaults to [`TransferType::Image`].
    #[must_use]
    pub fn transfer_type(mut self, transfer_type: TransferType) -> Self {
        self.transfer_type = transfer_type;
        self
    }

    /// Starts at this byte (`REST`; RFC 3659, 5). Defaults to 0.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Sets what follows the transfer.
    pub(crate) fn followed_by(mut self, follow_up: FollowUp) -> Self {
        self.follow_up = follow_up;
        self
    }

    async fn open(self) -> Result<DataStream<'c>> {
        let (transfer_type, offset) = (self.transfer_type, self.offset);
        let data = self.client.open_data(self.command?, transfer_type, offset, self.follow_up).await?;
        Ok(DataStream::new(self.client, data))
    }
}

impl<'c> IntoFuture for DataCommand<'c> {
    type Output = Result<DataStream<'c>>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

fn direction(command: &Command) -> Direction {
    let verb = command.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
    if matches!(verb.as_slice(), b"STOR" | b"APPE" | b"STOU") { Direction::Up } else { Direction::Down }
}

/// What `REST` is answered where it is taken.
pub(crate) const RESTART_TAKEN: &str = "350";

// ==== merged from client/questions.rs
//- What is asked of a file along with its transfer.

/// What is asked of a file along with its transfer, where that costs no round trip.
#[derive(Debug)]
pub(crate) enum FileQueries {
    None,
    /// `MDTM`, of a file that is fetched.
    Time(Command),
    /// `SIZE`, and what sets the time, of a file that is stored.
    Stored(Vec<Command>),
}

impl FileQueries {
    /// Gives what is asked while the data connection is opened, and what behind the data. That goes along
    /// with the next passive command, if one is `ahead`, and costs the server no turn of its own.
    pub(crate) fn split(self, ahead: bool, compressed: bool) -> (Option<Command>, Vec<Command>) {
        match self {
            Self::Time(question) if ahead => (None, vec![question]),
            Self::Time(question) => (Some(question), Vec::new()),
            // The size of what goes up compressed is compared anyway.
            Self::Stored(questions) if !compressed => (None, questions),
            Self::Stored(_) | Self::None => (None, Vec::new()),
        }
    }
}

// ==== merged from client/completion.rs
//- The end of transfers.

impl Client {
    /// Ends a data connection and awaits the final reply.
    pub(crate) async fn finish_data(
        &mut self,
        data: &mut DataConnection,
        masks: Masks<'_>,
    ) -> Result<TransferSummary> {
        let deadline = self.completion_deadline();
        let finished = data.finish(&mut self.control, masks, deadline).await;
        // A transfer that came to its end has used up its REST.
        self.known.restart_pending &= finished.is_err();
        self.known.no_mdtm |= data.dating() == Some(Dating::Unknown);
        finished
    }

    /// Makes what keeps the control connection alive during a transfer.
    pub(crate) fn keep_alive(&self) -> KeepAlive {
        KeepAlive::new(self.config.keep_alive)
    }
}

// ==== merged from client/pret.rs
//- Telling a server what will be transferred before it listens.

impl Client {
    /// Opens a passive data connection for `command`. A server that passes transfers on to other machines
    /// (drftpd) must know which of them is to listen, and is told by `PRET` first, once it has said so.
    pub(crate) async fn open_passive_for(
        &mut self,
        command: &Command,
        question: Option<Command>,
    ) -> Result<(Opened, Option<Dating>)> {
        if !self.known.wants_pret {
            match self.open_passive(question.clone(), self.passive_order()).await {
                Err(Error::StatusCode(refused)) if asks_for_pret(&refused.info) => {
                    self.known.wants_pret = true;
                }
                opened => return opened,
            }
        }
        let pret = Command::with_argument("PRET", command.as_bytes())?;
        self.control.run(Exchange::new(pret, &["2xx"])).await?;
        self.open_passive(question, self.passive_order()).await
    }
}

/// drftpd says: `500 You need to use a client supporting PRET (PRE Transfer) to use PASV`.
fn asks_for_pret(reply: &Reply) -> bool {
    reply.lines().any(|line| line.split(|byte| !byte.is_ascii_alphabetic()).any(|word| word == b"PRET"))
}

// ==== merged from client/allocate.rs
//- Room for uploads.

impl Client {
    /// Asks the server to make room for an upload of so many bytes (`ALLO`; RFC 959, 4.1.3).
    ///
    /// Most servers need no such thing and say so; those are asked no second time.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.allocate(5_000_000_000).await?;
    /// let stream = client.upload_stream("image.iso").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when there is no room (`452`, `552`). Any other refusal is none.
    pub async fn allocate(&mut self, bytes: u64) -> Result<()> {
        if self.known.no_allocation {
            return Ok(());
        }
        match self.control.run(Exchange::new(Command::with_number("ALLO", bytes), &["2xx"])).await {
            Ok(reply) => self.known.no_allocation = reply.code() == Code::SUPERFLUOUS,
            Err(Error::StatusCode(refused)) if !speaks_of_room(refused.info.code()) => {
                self.known.no_allocation = refused.info.code().class() == 5;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Tells the codes that an upload would fail with, too; `421` is the end of everything.
fn speaks_of_room(code: Code) -> bool {
    matches!(code.get(), 421 | 452 | 552)
}
