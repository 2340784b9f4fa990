//! Data transfers: starts them on data connections, and completes them.

use oxftp_proto::{
    Code, Command, RemotePath, StatusCodeError, TransferType, classify,
    dialog::{self, Completion, Exchange, MdtmReply, PassiveMode, Started, Transfer},
    server::ServerKind,
};
use std::{io, pin::pin, time::Duration};

use super::{
    Client,
    file_queries::{FileQueries, RequestedQueries, UploadQueries},
    navigation::{Spelling, is_single_name},
    transfer_command::{FollowUp, TransferCommand, direction},
};
use crate::{
    Error, Result, TransferSummary,
    capabilities::{PathUse, optional_commands::OptionalCommand},
    connect::{
        BoxSocket,
        data_dialer::{Opened, too_slow},
    },
    control::KeepAlive,
    data::{BufferedSocket, DataConnection, Masks, failure_deadline},
    deadline::Deadline,
    future::BoxFuture,
    stream::{Direction, Stream, Transport},
    tls::{TlsSession, end_sending},
};

impl Client {
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
        self.restore_working_dir().await?;
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
            self.capabilities.commands.note_silent_start();
        }
        if let (Some(tls), Ok(_)) = (&self.tls, &finished) {
            tls.note_transferred();
        }
        // A completed transfer has consumed its `REST`.
        self.state.restart_pending &= finished.is_err();
        self.capabilities.no_pipelining |= self.control.forbids_pipelining();
        self.capabilities.no_mdtm |= data.mdtm_reply() == Some(MdtmReply::Unknown);
        finished
    }

    /// Ends a download whose wanted part has arrived. If a transfer follows, the replies are not awaited: the next
    /// command reads them.
    pub(crate) async fn end_part(&mut self, data: &mut DataConnection, follow_up: FollowUp) -> Result<()> {
        if follow_up == FollowUp::Nothing {
            return data.abort(&mut self.control).await.map(drop);
        }
        let quirks = self.server_kind().quirks();
        let is_reset =
            if data.is_encrypted() { quirks.ends_closed_tls_downloads } else { quirks.ends_closed_downloads };
        if is_reset {
            data.reset();
        }
        let ahead = self.next_passive_mode(Direction::Down, follow_up);
        let is_ended = match ahead.filter(|_| is_reset || quirks.answers_after_abort) {
            Some(mode) => self.control.send_pipelined_after_close(mode, !is_reset).await,
            None => Ok(is_reset),
        };
        let ended = match is_ended {
            Ok(false) if !is_reset => self.control.begin_abort().await,
            ended => ended.map(drop),
        };
        data.close();
        ended
    }

    /// Creates the keep-alive timer of one transfer.
    pub(crate) fn keep_alive(&self) -> KeepAlive {
        KeepAlive::new(self.config.keep_alive)
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
    pub(crate) async fn open_data_with_mdtm(
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
                self.restore_working_dir().await?;
                return self.begin(FileQueries::None, line.clone(), request).await;
            }
            TransferCommand::Path { verb, path } => (verb, path),
        };
        let usage = if command.direction() == Direction::Up { PathUse::Write } else { PathUse::Read };
        if usage == PathUse::Write {
            self.capabilities.commands.note_creation();
        }
        let spelling = if self.capabilities.needs_root(usage) { Spelling::Absolute } else { Spelling::Usual };
        let error = match Box::pin(self.open_path(verb, path, spelling, request)).await {
            Ok(data) => {
                self.note_path_works(usage, path);
                self.note_relative_use(usage, path);
                return Ok(data);
            }
            Err(error) => error,
        };
        // The commands before the transfer have other success codes.
        let is_of_transfer = matches!(&error, Error::StatusCode(refused) if refused.expected == ["1xx"]);
        let knows_listing = self.listing_capabilities().list.works || self.listing_capabilities().mlsd.works;
        if is_of_transfer
            && usage == PathUse::Read
            && knows_listing
            && self.may_try_missing_from_root(path, &error)
        {
            // A file that was listed and is said to be missing may have to be named from the root.
            self.known_working_dir().await?;
        }
        let is_name_refused = command.direction() == Direction::Up
            && is_single_name(path)
            && self.may_try_written_from_root(path, &error);
        if is_of_transfer
            && (is_name_refused || self.may_be_from_root(path, &error))
            && let Some(data) = self.open_from_root(verb, path, request).await?
        {
            return Ok(data);
        }
        if self.may_try_bare_name(usage, path, &error) {
            self.capabilities.settle_paths(usage);
            match self.open_path(verb, path, Spelling::Bare, request).await {
                Ok(data) => {
                    self.capabilities.bare_names = true;
                    return Ok(data);
                }
                Err(bare) if bare.is_connection_lost() || bare.is_timeout() => return Err(bare),
                Err(_) => {}
            }
        }
        let may_help = is_of_transfer && (usage == PathUse::Write || knows_listing);
        if may_help
            && self.may_need_root(usage, path, &error)
            && let Some(data) = self.open_file_from_root(usage, verb, path, request).await?
        {
            return Ok(data);
        }
        Err(error)
    }

    /// Opens a transfer by its path from the root on a server whose other commands take relative paths; `None` if that is
    /// refused, too. If it works, transfers of this use are opened so from then on.
    fn open_file_from_root<'a>(
        &'a mut self,
        usage: PathUse,
        verb: &'static str,
        path: &'a RemotePath,
        request: TransferRequest,
    ) -> BoxFuture<'a, Result<Option<DataConnection>>> {
        Box::pin(async move {
            if self.absolute_path(path).await?.is_none() {
                return Ok(None);
            }
            let opened = self.open_path(verb, path, Spelling::Absolute, request).await;
            self.note_use_from_root(usage, opened.is_ok());
            match opened {
                Err(again) if again.is_connection_lost() || again.is_timeout() => Err(again),
                opened => Ok(opened.ok()),
            }
        })
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
                Err(error) if self.state.entered_dirs.is_some() && self.is_lost_to_optional() => {
                    match Box::pin(self.replace_lost(error)).await {
                        Error::Unanswered { .. } => {}
                        error => return Err(error),
                    }
                }
                Err(error) if self.state.entered_dirs.is_some() && self.is_spent(&error) => {
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
        let is_home = self.state.entered_dirs.is_none();
        let own = OptionalCommand::of(command.as_bytes());
        let _trial = match self.passive_order().first() {
            Some(PassiveMode::Epsv) if self.config.active.is_none() => {
                self.try_optional(OptionalCommand::EPSV).await.unwrap_or_default()
            }
            _ => None,
        };
        let mut attempts = self.reconnects();
        let mut replaced = 0;
        let mut lacked_port = self.capabilities.commands.lacked_passive_port();
        let mut lost_to_passive = 0;
        loop {
            let queries = match self.capabilities.port_for_next_command {
                true => FileQueries::None,
                false => queries.clone().without(&self.capabilities.commands),
            };
            let has_query = matches!(queries, FileQueries::ModificationTime(_)) && !self.is_broken();
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
                // At the second loss, active mode is tried.
                Err(error) if is_home && lost_to_passive < 2 && self.is_lost_to_passive() => {
                    lost_to_passive += 1;
                    if Box::pin(self.reconnect()).await.is_err() {
                        return Err(error);
                    }
                    self.capabilities.active_only = lost_to_passive == 2;
                }
                Err(error) if lost_to_passive == 2 => {
                    self.capabilities.active_only = false;
                    return Err(error);
                }
                Err(error) if is_home && self.learns_late_port(&command, &error).await => {}
                // Some servers close the port at any command but the one that transfers.
                Err(error)
                    if has_query && self.server_kind() == ServerKind::Other && is_without_port(&error) =>
                {
                    self.capabilities.port_for_next_command = true;
                }
                Err(error) if is_home && Box::pin(self.recover(&error, &mut attempts)).await => {}
                Err(error) if is_home && self.is_spent(&error) => {
                    crate::trace::debug!("{error}; the session is replaced");
                    if Box::pin(self.reconnect()).await.is_err() {
                        return Err(error);
                    }
                }
                // Active mode is tried at the second refusal.
                Err(error) if attempts > 0 && !lacked_port && lacks_passive_port(&error) => {
                    attempts -= 1;
                    lacked_port = true;
                }
                outcome => return outcome,
            }
        }
    }

    /// Returns whether the session can have no further data connections: the server refuses them by `425` although
    /// there were some before. Azure App Service does so after some hundred of them; a new session has them again.
    fn is_spent(&self, error: &Error) -> bool {
        self.state.had_passive_data && !self.state.altered && lacks_passive_port(error)
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
        let follow_up = queries.limit(follow_up, &self.capabilities.commands);
        let pipelined = self.next_passive_mode(direction, follow_up).is_some();
        let queries = queries.schedule(pipelined, compressed, &self.capabilities.commands);
        let restart = (offset > 0 || self.state.restart_pending).then_some(offset);
        let asks_time = queries.before_data.is_some();
        let query = queries.before_data.or_else(|| Some(Command::with_number("REST", restart?)));
        let (opened, reply) = match self.config.active.is_some() || self.capabilities.active_only {
            true => (Box::pin(self.open_active()).await?, None),
            false => pin!(self.open_for_transfer(&command, query)).await?,
        };
        let (mdtm_reply, restart_reply) = match asks_time {
            true => (reply.as_ref().map(MdtmReply::read), None),
            false => (None, reply),
        };
        self.capabilities.no_mdtm |= mdtm_reply == Some(MdtmReply::Unknown);
        self.state.restart_pending |= restart.is_some();
        self.control.begin_transfer();
        let ahead = self.next_passive_mode(direction, follow_up);
        // The reply to `REST` is not the reply to the transfer.
        let is_optional = OptionalCommand::of(command.as_bytes()).is_some();
        let is_listing = is_listing(&command);
        let reply_timeout = (restart.is_none() && !is_optional).then(|| self.preliminary_timeout());
        let transfer = match restart_reply {
            Some(reply) => Transfer::restarted(command, offset, reply),
            None => Transfer::new(command, restart),
        };
        let is_late = matches!(opened, Opened::Late(_));
        let outcome = self.start(transfer, opened, direction, reply_timeout).await;
        if is_late && matches!(outcome, Err(Error::DataConnect(_))) {
            self.forget_late_port();
        }
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
    fn preliminary_timeout(&self) -> Duration {
        match self.capabilities.commands.omits_preliminary() {
            true => KNOWN_SILENCE,
            false => PRELIMINARY_PATIENCE,
        }
    }

    /// Sends the command on the control connection, while the data connection is accepted and encrypted.
    ///
    /// If no reply has arrived after `reply_timeout` and the data connection is open, the data are transferred
    /// nevertheless: some servers send only the final reply, or send a reply only after the data of an upload.
    async fn start(
        &mut self,
        transfer: Transfer,
        opened: Opened,
        direction: Direction,
        reply_timeout: Option<Duration>,
    ) -> Result<(Option<Started>, Stream)> {
        let timeouts = &self.config.timeouts;
        let ends_early = self.ends_early(direction);
        let tls = self.tls.as_ref();
        let connector = &*self.config.connector;
        let connected = async {
            let socket = match opened {
                Opened::Socket(socket) => socket,
                Opened::Late(port) => port.connect(connector).await.map_err(Error::DataConnect)?,
                Opened::Listener(listener) => listener.accept().await.map_err(Error::DataConnect)?,
            };
            // vsftpd replies 226 to an incomplete upload whose connection is closed, not reset (measured).
            socket.reset_on_close(direction == Direction::Up);
            match tls {
                // Boxed, so that the future is small without TLS.
                Some(tls) => Box::pin(secure(tls, socket, ends_early)).await,
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
                    let reply_timeout = reply_timeout.filter(|_| transport.is_ok());
                    let deadline = Deadline::start(reply_timeout);
                    (deadline.cut_by(&mut self.start_timer, started).await.transpose()?, transport)
                }
            }
        };
        match transport {
            Ok(transport) => Ok((started, Stream::new(transport, &self.config.throttle, timeouts.data_idle))),
            Err(error) => Err(Box::pin(self.data_connect_error(started, error)).await),
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

/// Does the TLS handshake of a data connection. With `ends_early`, also ends the sending side.
async fn secure(tls: &TlsSession, socket: BoxSocket, ends_early: bool) -> Result<Transport> {
    let mut stream = tls.secure_data(BufferedSocket::boxed(socket)).await.map_err(Error::Tls)?;
    if ends_early {
        end_sending(&mut stream).await.map_err(Error::DataConnect)?;
    }
    Ok(Transport::Tls(Box::new(stream)))
}

/// Returns whether a passive command was refused because the server has no port for it.
fn lacks_passive_port(error: &Error) -> bool {
    let is_passive = |refused: &StatusCodeError| {
        classify::lacks_passive_port(&refused.info)
            && refused.expected.iter().any(|code| matches!(&**code, "227" | "229"))
    };
    matches!(error, Error::StatusCode(refused) if is_passive(refused))
}

/// Returns whether the server has refused the data connection, or the transfer because of it.
fn is_without_port(error: &Error) -> bool {
    match error {
        Error::DataConnect(error) => {
            matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
        }
        Error::StatusCode(refused) => {
            refused.info.code() == Code::CANNOT_OPEN_DATA && refused.expected == ["1xx"]
        }
        _ => false,
    }
}

fn is_listing(command: &Command) -> bool {
    matches!(command.verb(), b"LIST" | b"MLSD" | b"NLST")
}

/// Maximum number of optional commands that may end the session of one transfer. After each, the transfer starts
/// again without that command.
const MAX_REPLACED: u32 = 4;

/// The wait for the first reply to a transfer command while the data connection is open.
const PRELIMINARY_PATIENCE: Duration = Duration::from_secs(3);

/// The same wait on a server that has transferred data without a preliminary reply. A refusal arrives sooner.
const KNOWN_SILENCE: Duration = Duration::from_millis(100);
