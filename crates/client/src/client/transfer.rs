//! Opening transfers.

use std::{future::IntoFuture, io, pin::pin};

use oxftp_proto::{
    Command, RemotePath, TransferType,
    dialog::{Active, Completion, MdtmReply, Passive, PassiveMode, PassiveWithMdtm, Started, Transfer},
};

use super::{Client, compression::Mode, questions::Questions};
use crate::{
    DataStream, Error, Result,
    connect::BoxSocket,
    control::{Ahead, Hands},
    data::{DataConnection, Direction, Masks, ReadAhead, within_reason},
    dial::{DataDialler, Opened, too_slow},
    path_io::BoxFuture,
    stream::{Stream, Transport},
    timeouts::within,
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
        DataCommand { client: self, command, transfer_type: TransferType::Image, offset: 0 }
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
        self.set_mode(Mode::Stream).await?;
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
        DataCommand { client: self, command, transfer_type: TransferType::Image, offset: 0 }
    }

    /// Opens a data connection and starts the transfer; TLS is shaken hands on while the first
    /// reply is awaited, since some servers reply only after it and others only before.
    pub(crate) async fn open_data(
        &mut self,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
    ) -> Result<DataConnection> {
        self.go_home().await?;
        self.open_data_here(command, transfer_type, offset).await
    }

    /// Opens a file for reading from its start, and asks for its time on the way.
    pub(crate) async fn open_dated_data(&mut self, path: &RemotePath) -> Result<DataConnection> {
        let retr = Command::with_path("RETR", path, self.config.encoding)?;
        let questions = match self.known.no_mdtm {
            false => Questions::Time(Command::with_path("MDTM", path, self.config.encoding)?),
            true => Questions::None,
        };
        self.go_home().await?;
        self.begin(questions, retr, TransferType::Image, 0, true).await
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
    ) -> Result<DataConnection> {
        self.go_home().await?;
        self.begin(Questions::Stored(questions), command, transfer_type, offset, true).await
    }

    /// Opens a data connection in whichever directory was entered.
    pub(crate) async fn open_data_here(
        &mut self,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
    ) -> Result<DataConnection> {
        let compressible = direction(&command) == Direction::Down;
        self.begin(Questions::None, command, transfer_type, offset, compressible).await
    }

    async fn begin(
        &mut self,
        questions: Questions,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
        compressible: bool,
    ) -> Result<DataConnection> {
        let direction = direction(&command);
        if self.tls.is_some() && !self.known.protects_data {
            // Whoever asked for TLS is sent no byte in clear.
            return Err(Error::NotOffered { what: "encrypted data connections (PROT P)" });
        }
        self.await_handshakes().await?;
        self.set_type(transfer_type).await?;
        let compressed = self.compresses(compressible && offset == 0, direction).await?;
        let (question, behind) = questions.split(self.mode_ahead(direction).is_some(), compressed);
        let (opened, dating) = match &self.config.active {
            Some(_) => (self.open_active().await?, None),
            None => self.open_passive_for(&command, question).await?,
        };
        self.known.no_mdtm |= dating == Some(MdtmReply::Unknown);
        let restart = (offset > 0 || self.known.stale_restart).then_some(offset);
        self.known.stale_restart |= restart.is_some();
        self.control.begin_transfer();
        let ahead = self.mode_ahead(direction);
        let outcome = self.start(Transfer::new(command, restart), opened, direction).await;
        if matches!(&outcome, Err(Error::StatusCode(error)) if error.expected == [RESTART_TAKEN]) {
            // A refused REST leaves nothing behind.
            self.known.stale_restart = false;
        }
        let (started, stream) = outcome?;
        // libunftp starts the next transfer there, too, when this one does not come to its end.
        self.known.stale_restart = offset > 0;
        self.known.expects_more = false;
        if let Some(mode) = ahead {
            self.control.plan_ahead(mode, behind);
        }
        let data = DataConnection::new(stream, direction, started).dated(dating);
        Ok(if compressed { data.compressed(self.config.limits.inflated_bytes) } else { data })
    }

    /// Tells whether TLS may be ended on this side before the data come.
    fn ends_early(&self, direction: Direction) -> bool {
        direction == Direction::Down && self.config.pipelining.ends_early(self.server_kind())
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
    ) -> Result<(Opened, Option<MdtmReply>)> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialler = self.dialler(&config, &host);
        let outcome = self.run_passive(question, modes, &mut dialler).await;
        match (outcome, dialler.opened, dialler.failure) {
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
        dialler: &mut DataDialler<'_>,
    ) -> Result<(PassiveMode, Option<MdtmReply>)> {
        let first = modes.first().copied();
        let hands = Hands::Data(dialler);
        let ahead = self.control.take_ahead();
        let outcome = match ahead {
            Ahead::Sent(mode) if first == Some(mode) => {
                self.control.resume_with(PassiveWithMdtm::new(question, Passive::sent(modes)), hands).await
            }
            Ahead::Listening(mode, endpoint) if first == Some(mode) => {
                let passive = Passive::answered(modes, endpoint);
                self.control.resume_with(PassiveWithMdtm::new(question, passive), hands).await
            }
            _ => self.control.run_with(PassiveWithMdtm::new(question, Passive::new(modes)), hands).await,
        };
        let mode = outcome.as_ref().ok().map(|(mode, _)| *mode);
        self.known.no_pipelining |= ahead == Ahead::Refused || (ahead != Ahead::None && mode != first);
        outcome
    }

    /// Gives the passive command that may follow the data of a transfer at once.
    fn mode_ahead(&self, direction: Direction) -> Option<PassiveMode> {
        let known = &self.known;
        let wanted = known.expects_more && !known.no_pipelining && !known.wants_pret;
        let wanted = wanted && self.config.active.is_none();
        let allowed = || self.config.pipelining.allows(direction, self.server_kind());
        self.known.passive.filter(|_| wanted && allowed())
    }

    async fn open_active(&mut self) -> Result<Opened> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialler = self.dialler(&config, &host);
        let dialog = if self.known.no_eprt { Active::port_only() } else { Active::default() };
        self.known.no_eprt |= self.control.run_with(dialog, Hands::Data(&mut dialler)).await?.refuses_eprt();
        dialler.opened.ok_or_else(|| Error::DataConnect(io::ErrorKind::NotConnected.into()))
    }

    fn dialler<'a>(&self, config: &'a crate::config::Config, host: &'a str) -> DataDialler<'a> {
        DataDialler {
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

    async fn open(self) -> Result<DataStream<'c>> {
        let data = self.client.open_data(self.command?, self.transfer_type, self.offset).await?;
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
