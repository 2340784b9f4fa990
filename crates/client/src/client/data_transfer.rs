//! Data transfers: opens data connections, starts transfers on them, and completes them.

use oxftp_proto::{
    Code, Command, RemotePath, StatusCodeError, Timestamp, TransferType,
    address::parse_pasv,
    classify,
    dialog::{
        self, Active, Completion, Exchange, MdtmReply, Passive, PassiveMode, PassiveWithMdtm, Started,
        Transfer,
    },
};
use std::{future::IntoFuture, io, marker::PhantomData, net::SocketAddrV4, pin::pin, time::Duration};

use super::{
    Client,
    compression::TransferMode,
    navigation::{PathUse, Spelling, is_single_name},
    transfer_command::{FollowUp, TransferCommand, direction},
};
use crate::{
    DataStream, DownloadStream, Error, Result, TransferSummary, UploadStream,
    config::command_memory::{OptionalCommand, ServerMemory},
    connect::{
        BoxSocket,
        data_dialer::{DataDialer, Opened, too_slow},
    },
    control::{DialogIo, KeepAlive, PipelinedPassive},
    data::{BufferedSocket, DataConnection, Masks, failure_deadline},
    deadline::Deadline,
    future::BoxFuture,
    stream::{Direction, Stream, Transport},
    tls::end_sending,
};

impl Client {
    /// Creates a command that uses a data connection, such as `LIST -a /pub` or `RETR x`. Awaiting it sends
    /// the command and returns the stream.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let stream = client.data_command("NLST").transfer_type(oxftp::TransferType::Ascii).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a command does nothing until it is awaited"]
    pub fn data_command(&mut self, line: impl Into<String>) -> DataCommand<'_, DataStream<&mut Self>> {
        let command = Command::raw(&line.into(), self.config.encoding).map_err(Error::from);
        DataCommand::new(self, command.map(TransferCommand::Line))
    }

    /// Opens a file for reading (`RETR`; RFC 959, 4.1.3). With [`offset`](DataCommand::offset) it starts at
    /// that byte (`REST`).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut file = client.download_stream("a.txt").await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn download_stream(
        &mut self,
        path: impl Into<RemotePath>,
    ) -> DataCommand<'_, DownloadStream<&mut Self>> {
        self.data_path_command("RETR", &path.into())
    }

    /// Opens a file for writing (`STOR`; RFC 959, 4.1.3) and overwrites an existing one. With
    /// [`offset`](DataCommand::offset) it starts at that byte (`REST`).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut file = client.upload_stream("a.txt").await?;
    /// file.write_all(b"text").await?;
    /// file.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn upload_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_, UploadStream<&mut Self>> {
        self.data_path_command("STOR", &path.into())
    }

    /// Opens a file for appending (`APPE`; RFC 959, 4.1.3), and creates it if it does not exist.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut log = client.append_stream("log.txt").await?;
    /// log.write_all(b"one more line\n").await?;
    /// log.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a stream is not opened until it is awaited"]
    pub fn append_stream(&mut self, path: impl Into<RemotePath>) -> DataCommand<'_, UploadStream<&mut Self>> {
        self.data_path_command("APPE", &path.into())
    }

    /// Opens a data connection in passive mode and sends nothing over it. The next command decides how it
    /// is used.
    ///
    /// The connection is not encrypted, because TLS starts only after that command.
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
    /// [`Error::StatusCode`] if the server refuses each of `modes`; [`Error::DataConnect`] if the client
    /// cannot connect to the address in the reply.
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

    /// Returns the address in the server's reply to `PASV` (RFC 959, 4.1.2). The client does not connect to it.
    /// With network address translation, it may be unreachable.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.passive_address().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses; [`Error::UnusableReply`] if its reply contains no address.
    pub async fn passive_address(&mut self) -> Result<SocketAddrV4> {
        let reply = self.control.run(Exchange::new(Command::new("PASV"), &["227"])).await?;
        let address = reply.lines().rev().find_map(|line| parse_pasv(line).ok());
        address.ok_or(Error::UnusableReply { command: "PASV", reply })
    }

    /// Reserves space on the server for an upload of `bytes` bytes (`ALLO`; RFC 959, 4.1.3).
    ///
    /// Most servers do not need this and say so. The command is not sent to them again.
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
    /// [`Error::StatusCode`] if there is not enough space (`452`, `552`). Any other refusal is ignored.
    pub async fn allocate(&mut self, bytes: u64) -> Result<()> {
        if self.capabilities.no_allocation {
            return Ok(());
        }
        match self.exchange(Command::with_number("ALLO", bytes), &["2xx"]).await {
            Err(Error::Unanswered { .. }) => self.capabilities.no_allocation = true,
            Ok(reply) => self.capabilities.no_allocation = reply.code() == Code::SUPERFLUOUS,
            Err(Error::StatusCode(refused))
                if refused.info.code() != Code::SERVICE_CLOSING
                    && !classify::is_out_of_space(&refused.info) =>
            {
                self.capabilities.no_allocation = refused.info.code().class() == 5;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Checks that the server accepts offsets (`REST 1`, then `REST 0`; RFC 3659, 5), as resumed transfers and ranges
    /// need.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.check_restart().await {
    ///     Err(oxftp::Error::StatusCode(refused)) => println!("no offsets: {}", refused.info),
    ///     checked => checked?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses offsets.
    pub async fn check_restart(&mut self) -> Result<()> {
        self.go_home().await?;
        self.state.restart_pending = true;
        let accepted = self.control.run(Exchange::new(Command::with_number("REST", 1), &["350"])).await;
        if let Err(error) = accepted {
            self.state.restart_pending = !matches!(error, Error::StatusCode(_));
            return Err(error);
        }
        self.control.run(Exchange::new(Command::with_number("REST", 0), &["xxx"])).await?;
        self.state.restart_pending = false;
        Ok(())
    }

    /// Closes a data connection and waits for the final reply.
    pub(crate) async fn finish_data(
        &mut self,
        data: &mut DataConnection,
        masks: Masks<'_>,
    ) -> Result<TransferSummary> {
        let deadline = self.completion_deadline();
        let finished = data.finish(&mut self.control, masks, deadline).await;
        // A preliminary reply that arrives late is not missing.
        if finished.is_ok() && data.preliminary().is_none() && !self.control.had_preliminary() {
            self.control.memory().note_silent_start();
        }
        // A completed transfer has consumed its `REST`.
        self.state.restart_pending &= finished.is_err();
        self.capabilities.no_pipelining |= self.control.forbids_pipelining();
        self.capabilities.no_mdtm |= data.mdtm_reply() == Some(MdtmReply::Unknown);
        finished
    }

    /// Creates the keep-alive timer of one transfer.
    pub(crate) fn keep_alive(&self) -> KeepAlive {
        KeepAlive::new(self.config.keep_alive)
    }

    pub(crate) fn data_path_command<T>(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
    ) -> DataCommand<'_, T> {
        DataCommand::new(self, Ok(TransferCommand::path(verb, path)))
    }

    /// Opens a data connection and starts the transfer. The TLS handshake runs while the first reply is
    /// awaited, because some servers reply only after it and others only before it.
    pub(crate) async fn open_data(
        &mut self,
        command: impl Into<TransferCommand>,
        transfer_type: TransferType,
        offset: u64,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let command = command.into();
        let compressible = command.direction() == Direction::Down;
        let request = TransferRequest {
            queries: RequestedQueries::None,
            transfer_type,
            offset,
            compressible,
            follow_up,
        };
        self.open_transfer(&command, request).await
    }

    /// Opens a file for reading from its start, and queries its modification time in the process.
    pub(crate) async fn open_dated_data(
        &mut self,
        path: &RemotePath,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let request = TransferRequest {
            queries: RequestedQueries::ModificationTime,
            transfer_type: TransferType::Image,
            offset: 0,
            compressible: true,
            follow_up,
        };
        self.open_transfer(&TransferCommand::path("RETR", path), request).await
    }

    /// Opens a data connection for an upload whose size is compared if it is
    /// [compressed](DataConnection::is_compressed). Otherwise `queries` are sent after the data, if that
    /// costs no round trip.
    pub(crate) async fn open_compared_upload(
        &mut self,
        command: TransferCommand,
        transfer_type: TransferType,
        offset: u64,
        queries: Option<UploadQueries>,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let queries = queries.map_or(RequestedQueries::None, RequestedQueries::AfterUpload);
        let request = TransferRequest { queries, transfer_type, offset, compressible: true, follow_up };
        self.open_transfer(&command, request).await
    }

    /// Starts a transfer. A path that is refused is tried once with a bare name, after `CWD` into its directory: some
    /// servers take no other names.
    async fn open_transfer(
        &mut self,
        command: &TransferCommand,
        request: TransferRequest,
    ) -> Result<DataConnection> {
        let (verb, path) = match command {
            TransferCommand::Line(line) => {
                self.go_home().await?;
                return self.begin(FileQueries::None, line.clone(), request).await;
            }
            TransferCommand::Path { verb, path } => (verb, path),
        };
        let usage = if command.direction() == Direction::Up { PathUse::Write } else { PathUse::Read };
        let error = match Box::pin(self.open_path(verb, path, Spelling::Usual, request)).await {
            Ok(data) => {
                self.note_path_works(usage, path);
                return Ok(data);
            }
            Err(error) => error,
        };
        // The commands before the transfer have other success codes.
        let is_of_transfer = matches!(&error, Error::StatusCode(refused) if refused.expected == ["1xx"]);
        let is_name_refused = command.direction() == Direction::Up
            && is_single_name(path)
            && self.may_try_written_from_root(path, &error);
        if is_of_transfer
            && (is_name_refused || self.may_be_from_root(path, &error))
            && let Some(data) = self.open_from_root(verb, path, request).await?
        {
            return Ok(data);
        }
        if !self.may_try_bare_name(usage, path, &error) {
            return Err(error);
        }
        self.capabilities.settle_paths(usage);
        match self.open_path(verb, path, Spelling::Bare, request).await {
            Ok(data) => {
                self.capabilities.bare_names = true;
                Ok(data)
            }
            Err(bare) if bare.is_connection_lost() || bare.is_timeout() => Err(bare),
            Err(_) => Err(error),
        }
    }

    /// Opens a transfer by its path from the root after its relative path was refused; `None` if that is refused, too.
    fn open_from_root<'a>(
        &'a mut self,
        verb: &'static str,
        path: &'a RemotePath,
        request: TransferRequest,
    ) -> BoxFuture<'a, Result<Option<DataConnection>>> {
        Box::pin(async move {
            let spelling = if self.learns_bare_names().await? { Spelling::Usual } else { Spelling::Absolute };
            let opened = self.open_path(verb, path, spelling, request).await;
            if spelling == Spelling::Absolute {
                self.note_from_root(&opened);
            }
            match opened {
                Err(again) if again.is_connection_lost() || again.is_timeout() => Err(again),
                opened => Ok(opened.ok()),
            }
        })
    }

    async fn open_path(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        spelling: Spelling,
        request: TransferRequest,
    ) -> Result<DataConnection> {
        loop {
            match self.open_path_once(verb, path, spelling, request).await {
                // A new session enters the directory again.
                Err(error) if self.state.away.is_some() && self.is_lost_to_optional() => {
                    match Box::pin(self.replace_lost(error)).await {
                        Error::Unanswered { .. } => {}
                        error => return Err(error),
                    }
                }
                Err(error) if self.state.away.is_some() && self.is_spent(&error) => {
                    if Box::pin(self.reconnect()).await.is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    async fn open_path_once(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        spelling: Spelling,
        request: TransferRequest,
    ) -> Result<DataConnection> {
        let argument = self.reach(path, spelling).await?;
        let command = Command::with_path(verb, &argument, self.config.encoding)?;
        let wants_time = matches!(request.queries, RequestedQueries::ModificationTime)
            && !self.capabilities.no_mdtm
            && !self.control.forbids_pipelining();
        // Other sessions wait for the outcome of a first attempt.
        let trial = if wants_time { self.try_optional(OptionalCommand::MDTM).await } else { Ok(None) };
        let queries = match request.queries {
            RequestedQueries::ModificationTime if wants_time && trial.is_ok() => {
                FileQueries::ModificationTime(Command::with_path("MDTM", &argument, self.config.encoding)?)
            }
            RequestedQueries::AfterUpload(UploadQueries { time }) => {
                FileQueries::AfterUpload(self.queries_after_upload(&argument, time)?)
            }
            _ => FileQueries::None,
        };
        self.begin(queries, command, request).await
    }

    /// Opens a data connection in the directory that was entered for a query.
    pub(crate) async fn open_data_here(
        &mut self,
        command: Command,
        transfer_type: TransferType,
        offset: u64,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let compressible = direction(&command) == Direction::Down;
        let request = TransferRequest {
            queries: RequestedQueries::None,
            transfer_type,
            offset,
            compressible,
            follow_up,
        };
        self.begin(FileQueries::None, command, request).await
    }

    /// Opens a data connection and starts the transfer of `command`, in the directory where the session is.
    ///
    /// If the session is lost to an optional command before the transfer, it is opened again, and the transfer begins
    /// without that command.
    async fn begin(
        &mut self,
        queries: FileQueries,
        command: Command,
        request: TransferRequest,
    ) -> Result<DataConnection> {
        // A new session would not be in the directory that was entered for a query.
        let is_home = self.state.away.is_none();
        let own = OptionalCommand::of(command.as_bytes());
        let _trial = match self.passive_order().first() {
            Some(PassiveMode::Epsv) if self.config.active.is_none() => {
                self.try_optional(OptionalCommand::EPSV).await.unwrap_or_default()
            }
            _ => None,
        };
        let mut attempts = self.reconnects();
        let mut replaced = 0;
        loop {
            let queries = queries.clone().without(self.control.memory());
            match self.begin_boxed(queries, command.clone(), request).await {
                // A command that the configuration requires, such as `EPSV` alone, is lost again each time.
                Err(error)
                    if is_home
                        && self.is_lost_to_optional()
                        && self.control.lost_to() != own
                        && replaced < MAX_REPLACED =>
                {
                    replaced += 1;
                    match Box::pin(self.replace_lost(error)).await {
                        Error::Unanswered { .. } => {}
                        error => return Err(error),
                    }
                }
                Err(error) if is_home && Box::pin(self.recover(&error, &mut attempts)).await => {}
                Err(error) if is_home && self.is_spent(&error) => {
                    crate::trace::debug!("{error}; the session is replaced");
                    if Box::pin(self.reconnect()).await.is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Returns whether the session can have no further data connections: the server refuses them by `425` although
    /// there were some before. Azure App Service does so after some hundred of them; a new session has them again.
    fn is_spent(&self, error: &Error) -> bool {
        let is_passive = |refused: &StatusCodeError| {
            refused.info.code() == Code::CANNOT_OPEN_DATA
                && refused.expected.iter().any(|code| matches!(&**code, "227" | "229"))
        };
        self.state.had_passive_data
            && !self.state.altered
            && matches!(error, Error::StatusCode(refused) if is_passive(refused))
    }

    // A separate function boxes the future, so that the futures of all callers, and the stack that they need, are
    // smaller.
    fn begin_boxed(
        &mut self,
        queries: FileQueries,
        command: Command,
        request: TransferRequest,
    ) -> BoxFuture<'_, Result<DataConnection>> {
        Box::pin(self.begin_once(queries, command, request))
    }

    /// Makes one attempt of [`begin`](Self::begin).
    async fn begin_once(
        &mut self,
        queries: FileQueries,
        command: Command,
        request: TransferRequest,
    ) -> Result<DataConnection> {
        let TransferRequest { transfer_type, offset, compressible, follow_up, .. } = request;
        let direction = direction(&command);
        let moves_file = transfer_type == TransferType::Image && !is_listing(&command);
        let transfer_type = self.state.file_type.filter(|_| moves_file).unwrap_or(transfer_type);
        if offset > 0 && moves_file && self.converts_files() {
            return Err(Error::Incompatible { what: "TYPE A or TYPE E", with: "resuming" });
        }
        if self.tls.is_some() && !self.state.protects_data {
            // TLS was requested, so no byte may be sent in plain text.
            return Err(Error::Unsupported { what: "encrypted data connections (PROT P)" });
        }
        self.await_handshakes().await?;
        self.set_type(transfer_type).await?;
        self.capabilities.no_pipelining |= self.control.forbids_pipelining();
        let compressed = self.compresses(compressible && offset == 0, direction).await?;
        // The session may have been opened again meanwhile.
        self.set_type(transfer_type).await?;
        let follow_up = queries.limit(follow_up, self.control.memory());
        let pipelined = self.next_passive_mode(direction, follow_up).is_some();
        let queries = queries.schedule(pipelined, compressed, self.control.memory());
        let (opened, mdtm_reply) = match self.config.active.is_some() || self.capabilities.active_only {
            true => (Box::pin(self.open_active()).await?, None),
            false => Box::pin(self.open_passive_or_active(&command, queries.before_data)).await?,
        };
        self.capabilities.no_mdtm |= mdtm_reply == Some(MdtmReply::Unknown);
        let restart = (offset > 0 || self.state.restart_pending).then_some(offset);
        self.state.restart_pending |= restart.is_some();
        self.control.begin_transfer();
        let ahead = self.next_passive_mode(direction, follow_up);
        // The reply to `REST` is not the reply to the transfer.
        let is_optional = OptionalCommand::of(command.as_bytes()).is_some();
        let is_listing = is_listing(&command);
        let patience = (restart.is_none() && !is_optional).then(|| self.preliminary_patience());
        let outcome = self.start(Transfer::new(command, restart), opened, direction, patience).await;
        if let Err(Error::StatusCode(error)) = &outcome
            && dialog::is_restart_refused(error)
        {
            // A refused `REST` has no effect, but a success other than `350` may have one.
            self.state.restart_pending = dialog::restart_may_be_pending(error);
        }
        let (started, stream) = outcome?;
        // libunftp starts the next transfer at this offset, too, if this one does not complete.
        self.state.restart_pending = offset > 0;
        if let Some(mode) = ahead {
            self.control.schedule_pipelined(mode, queries.after_data);
        }
        let mut data = DataConnection::new(stream, direction, started).with_mdtm_reply(mdtm_reply);
        data.check_upload().await;
        let data = if is_listing { data.listing() } else { data };
        Ok(if compressed { data.compressed(self.config.limits.inflated_bytes) } else { data })
    }

    /// Returns whether `close_notify` may be sent before the data of a download arrive.
    fn ends_early(&self, direction: Direction) -> bool {
        direction == Direction::Down && self.config.pipelining.ends_early(self.server_kind())
    }

    /// Returns how long to wait for the first reply to a transfer command while the data connection is open.
    fn preliminary_patience(&self) -> Duration {
        match self.control.memory().omits_preliminary() {
            true => KNOWN_SILENCE,
            false => PRELIMINARY_PATIENCE,
        }
    }

    /// Sends the command on the control connection, while the data connection is accepted and encrypted.
    ///
    /// If no reply has arrived after `patience` and the data connection is open, the data are transferred
    /// nevertheless: some servers send only the final reply, or send a reply only after the data of an upload.
    async fn start(
        &mut self,
        transfer: Transfer,
        opened: Opened,
        direction: Direction,
        patience: Option<Duration>,
    ) -> Result<(Option<Started>, Stream)> {
        let timeouts = &self.config.timeouts;
        let ends_early = self.ends_early(direction);
        let tls = self.tls.as_ref();
        let connected = async {
            let socket = match opened {
                Opened::Socket(socket) => socket,
                Opened::Listener(listener) => listener.accept().await.map_err(Error::DataConnect)?,
            };
            // vsftpd replies 226 to an incomplete upload whose connection is closed, not reset (measured).
            socket.reset_on_close(direction == Direction::Up);
            match tls {
                Some(tls) => {
                    let mut stream =
                        tls.secure_data(BufferedSocket::boxed(socket)).await.map_err(Error::Tls)?;
                    if ends_early {
                        end_sending(&mut stream).await.map_err(Error::DataConnect)?;
                    }
                    Ok(Transport::Tls(Box::new(stream)))
                }
                None => Ok(Transport::Plain(socket)),
            }
        };
        let connected = async {
            let timed_out = Err(Error::DataConnect(too_slow()));
            Deadline::start(timeouts.data_connect).cut(connected).await.unwrap_or(timed_out)
        };
        let (started, transport) = {
            let mut connected = pin!(connected);
            let mut started = pin!(self.control.run(transfer));
            tokio::select! {
                biased;
                started = &mut started => (Some(started?), connected.await),
                transport = &mut connected => {
                    let patience = patience.filter(|_| transport.is_ok());
                    (Deadline::start(patience).cut(started).await.transpose()?, transport)
                }
            }
        };
        match transport {
            Ok(transport) => Ok((started, Stream::new(transport, &self.config.throttle, timeouts.data_idle))),
            Err(error) => Err(self.data_connect_error(started, error).await),
        }
    }

    /// Returns the server's reply if it explains why a data connection failed, else `error`.
    async fn data_connect_error(&mut self, started: Option<Started>, error: Error) -> Error {
        let masks = Masks::default();
        let Some(Started::Preliminary(_)) = started else { return error };
        let completion = Completion::new(masks.expected, masks.waited_past);
        let deadline = failure_deadline(self.config.timeouts.completion);
        match self.control.resume(completion, deadline).await {
            Err(refused @ Error::StatusCode(_)) => refused,
            _ => error,
        }
    }

    /// Opens a passive data connection for `command`, or an active one on a server that knows no passive mode.
    async fn open_passive_or_active(
        &mut self,
        command: &Command,
        mdtm: Option<Command>,
    ) -> Result<(Opened, Option<MdtmReply>)> {
        let refused = match self.open_passive_for(command, mdtm).await {
            Err(Error::StatusCode(refused))
                if self.capabilities.passive.is_none() && classify::rejects_passive(&refused.info) =>
            {
                refused
            }
            opened => return opened,
        };
        match self.open_active().await {
            Ok(opened) => {
                self.capabilities.active_only = true;
                Ok((opened, None))
            }
            Err(error) if error.is_connection_lost() => Err(error),
            Err(_) => Err(refused.into()),
        }
    }

    /// Opens a passive data connection for `command`. A server that redirects transfers to other machines
    /// (drftpd) needs `PRET` first, to choose the machine that listens. `PRET` is sent once the server has
    /// asked for it.
    pub(crate) async fn open_passive_for(
        &mut self,
        command: &Command,
        mdtm: Option<Command>,
    ) -> Result<(Opened, Option<MdtmReply>)> {
        if !self.capabilities.wants_pret {
            match self.open_passive(mdtm.clone(), self.passive_order()).await {
                Err(Error::StatusCode(refused)) if classify::requires_pret(&refused.info) => {
                    self.capabilities.wants_pret = true;
                }
                opened => return opened,
            }
        }
        let pret = Command::with_argument("PRET", command.as_bytes())?;
        self.control.run(Exchange::new(pret, &["2xx"])).await?;
        self.open_passive(mdtm, self.passive_order()).await
    }

    /// Opens a data connection by one of the passive `modes`, and sends `mdtm` in the meantime.
    pub(super) async fn open_passive(
        &mut self,
        mdtm: Option<Command>,
        modes: Vec<PassiveMode>,
    ) -> Result<(Opened, Option<MdtmReply>)> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialer = self.dialer(&config, &host);
        let outcome = self.run_passive(mdtm, modes, &mut dialer).await;
        match (outcome, dialer.opened, dialer.failure) {
            (Ok((mode, mdtm_reply)), Some(opened), _) => {
                self.capabilities.passive = Some(mode);
                self.state.had_passive_data = true;
                Ok((opened, mdtm_reply))
            }
            (Err(Error::DataConnect(_)), _, Some(failure)) => Err(Error::DataConnect(failure)),
            (Err(error), ..) => Err(error),
            (Ok(_), None, _) => Err(Error::DataConnect(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Runs the passive dialog. Uses the passive command that was pipelined with the previous transfer, if
    /// there is one.
    async fn run_passive(
        &mut self,
        mdtm: Option<Command>,
        modes: Vec<PassiveMode>,
        dialer: &mut DataDialer<'_>,
    ) -> Result<(PassiveMode, Option<MdtmReply>)> {
        let first = modes.first().copied();
        let io = DialogIo::Data(dialer);
        let ahead = self.control.take_pipelined();
        let outcome = match ahead {
            PipelinedPassive::Sent(mode) if first == Some(mode) => {
                self.control.resume_with(PassiveWithMdtm::new(mdtm, Passive::sent(modes)), io).await
            }
            PipelinedPassive::Listening(mode, endpoint) if first == Some(mode) => {
                let passive = Passive::answered(modes, endpoint);
                self.control.resume_with(PassiveWithMdtm::new(mdtm, passive), io).await
            }
            _ => self.control.run_with(PassiveWithMdtm::new(mdtm, Passive::new(modes)), io).await,
        };
        let mode = outcome.as_ref().ok().map(|(mode, _)| *mode);
        self.capabilities.no_pipelining |=
            ahead == PipelinedPassive::Refused || (ahead != PipelinedPassive::None && mode != first);
        outcome
    }

    /// Returns the passive command that may be pipelined after the data of a transfer.
    fn next_passive_mode(&self, direction: Direction, follow_up: FollowUp) -> Option<PassiveMode> {
        let capabilities = &self.capabilities;
        let wanted =
            follow_up == FollowUp::Transfer && !capabilities.no_pipelining && !capabilities.wants_pret;
        // If directories are entered, other commands are sent between two transfers.
        let wanted = wanted
            && self.config.active.is_none()
            && !self.capabilities.active_only
            && !self.capabilities.repeats_type
            && !self.uses_bare_names();
        let allowed = || self.config.pipelining.allows(direction, self.server_kind());
        capabilities.passive.filter(|_| wanted && allowed())
    }

    /// Opens a data connection in active mode: listens, and sends the address to the server.
    async fn open_active(&mut self) -> Result<Opened> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialer = self.dialer(&config, &host);
        let port_only = self.capabilities.no_eprt || self.control.memory().avoids(OptionalCommand::EPRT);
        let dialog = if port_only { Active::port_only() } else { Active::default() };
        self.capabilities.no_eprt |=
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

    /// Returns the passive modes in the order in which they are tried: first the one that worked before.
    /// `PASV` cannot express an IPv6 address.
    pub(crate) fn passive_order(&self) -> Vec<PassiveMode> {
        let ipv6 = self.control.peer_address().is_some_and(|address| address.ip().to_canonical().is_ipv6());
        let mut modes = self.config.passive.clone();
        if ipv6 && modes.contains(&PassiveMode::Epsv) {
            modes.retain(|mode| *mode != PassiveMode::Pasv);
        }
        if modes.len() > 1 && self.control.memory().avoids(OptionalCommand::EPSV) {
            modes.retain(|mode| *mode != PassiveMode::Epsv);
        }
        modes.sort_by_key(|mode| Some(*mode) != self.capabilities.passive);
        modes
    }
}

/// A command that uses a data connection. Awaiting it sends the command and returns the stream `T`: a
/// [`DataStream`], [`DownloadStream`] or [`UploadStream`].
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let stream = client.download_stream("log.txt").offset(1024).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DataCommand<'c, T> {
    client: &'c mut Client,
    command: Result<TransferCommand>,
    transfer_type: TransferType,
    offset: u64,
    follow_up: FollowUp,
    stream: PhantomData<fn() -> T>,
}

impl<'c, T> DataCommand<'c, T> {
    fn new(client: &'c mut Client, command: Result<TransferCommand>) -> Self {
        Self {
            client,
            command,
            transfer_type: TransferType::Image,
            offset: 0,
            follow_up: FollowUp::Nothing,
            stream: PhantomData,
        }
    }

    /// Sets the representation type (`TYPE`). Defaults to [`TransferType::Image`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::TransferType;
    ///
    /// let stream = client.data_command("NLST").transfer_type(TransferType::Ascii).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transfer_type(mut self, transfer_type: TransferType) -> Self {
        self.transfer_type = transfer_type;
        self
    }

    /// Sets the byte at which the transfer starts (`REST`; RFC 3659, 5). Defaults to 0.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let rest = client.download_stream("log.txt").offset(1024).await?;
    /// # Ok(())
    /// # }
    /// ```
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

    async fn open(self) -> Result<DataStream<&'c mut Client>> {
        let (transfer_type, offset) = (self.transfer_type, self.offset);
        let data = self.client.open_data(self.command?, transfer_type, offset, self.follow_up).await?;
        Ok(DataStream::new(self.client, data))
    }
}

impl<'c, T: From<DataStream<&'c mut Client>> + 'c> IntoFuture for DataCommand<'c, T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.open().await.map(T::from) })
    }
}

/// The parameters of a transfer command.
#[derive(Debug, Clone, Copy)]
struct TransferRequest {
    queries: RequestedQueries,
    transfer_type: TransferType,
    offset: u64,
    /// `true` if the data may be compressed.
    compressible: bool,
    follow_up: FollowUp,
}

/// The queries that are wanted about the file of a transfer.
#[derive(Debug, Clone, Copy)]
enum RequestedQueries {
    None,
    ModificationTime,
    AfterUpload(UploadQueries),
}

/// Queries after an upload: the size of the file, and a command that sets its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadQueries {
    /// The time that the file gets.
    pub(crate) time: Option<Timestamp>,
}

/// Queries about a file that are sent along with its transfer.
#[derive(Debug, Clone)]
enum FileQueries {
    None,
    /// `MDTM` for a downloaded file.
    ModificationTime(Command),
    /// `SIZE` and a command that sets the time, for an uploaded file.
    AfterUpload(Vec<Command>),
}

impl FileQueries {
    /// Leaves out commands that are not to be sent to this server again.
    fn without(self, memory: &ServerMemory) -> Self {
        match self {
            Self::ModificationTime(_) if memory.avoids(OptionalCommand::MDTM) => Self::None,
            queries => queries,
        }
    }

    /// Returns the operation after the transfer, given that queries that cannot be sent along with the data come
    /// first.
    fn limit(&self, follow_up: FollowUp, memory: &ServerMemory) -> FollowUp {
        match self {
            Self::AfterUpload(queries) if !queries.iter().all(|query| is_answered(query, memory)) => {
                FollowUp::Nothing
            }
            _ => follow_up,
        }
    }

    /// Decides when each query is sent so that it costs no round trip. `pipelined` says whether the next passive
    /// command follows the data; queries are sent with it then, and cost no separate turn.
    ///
    /// A command that the server has not answered yet is not sent along with the data: if it is never answered, the
    /// replies after it could not be attributed.
    fn schedule(self, pipelined: bool, compressed: bool, memory: &ServerMemory) -> ScheduledQueries {
        let (before_data, after_data) = match self {
            Self::ModificationTime(mdtm) if pipelined && is_answered(&mdtm, memory) => (None, vec![mdtm]),
            Self::ModificationTime(mdtm) => (Some(mdtm), Vec::new()),
            // The size of a compressed upload is always compared.
            Self::AfterUpload(queries)
                if !compressed && queries.iter().all(|query| is_answered(query, memory)) =>
            {
                (None, queries)
            }
            Self::AfterUpload(_) | Self::None => (None, Vec::new()),
        };
        ScheduledQueries { before_data, after_data }
    }
}

/// Returns whether the server is known to answer a command.
fn is_answered(command: &Command, memory: &ServerMemory) -> bool {
    OptionalCommand::of(command.as_bytes()).is_none_or(|optional| memory.has_answered(optional))
}

/// The times at which the queries about a file are sent.
struct ScheduledQueries {
    /// `MDTM`, sent while the data connection is being opened.
    before_data: Option<Command>,
    /// Commands sent after the data, before the final reply.
    after_data: Vec<Command>,
}

fn is_listing(command: &Command) -> bool {
    let verb = command.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    matches!(verb, b"LIST" | b"MLSD" | b"NLST")
}

/// Maximum number of optional commands that may end the session of one transfer. After each, the transfer starts
/// again without that command.
const MAX_REPLACED: u32 = 4;

/// The wait for the first reply to a transfer command while the data connection is open.
const PRELIMINARY_PATIENCE: Duration = Duration::from_secs(3);

/// The same wait on a server that has transferred data without a preliminary reply. A refusal arrives sooner.
const KNOWN_SILENCE: Duration = Duration::from_millis(100);
