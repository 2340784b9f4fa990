//! Passive and active mode: opens the data connections of transfers.

use std::{
    io,
    net::{IpAddr, SocketAddrV4},
};

use oxftp_proto::{
    Code, Command, Reply, TransferType,
    address::{AddressError, parse_pasv},
    classify,
    dialog::{Active, Exchange, Passive, PassiveMode, PassiveWithQuery},
    server::ServerKind,
};

use super::{
    Client,
    compression::TransferMode,
    transfer_command::{FollowUp, direction},
};
use crate::{
    Error, Result,
    capabilities::optional_commands::OptionalCommand,
    connect::{
        BoxSocket,
        data_dialer::{DataDialer, Opened},
    },
    control::{DialogIo, PipelinedPassive},
    future::BoxFuture,
    stream::Direction,
};

impl Client {
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
            (Opened::Listener(_) | Opened::Late(_), _) => {
                Err(Error::DataConnect(io::ErrorKind::Unsupported.into()))
            }
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

    /// Opens a data connection as [`open_passive_or_active`](Self::open_passive_or_active) does. Where each port refuses
    /// the connection and none has ever worked, the next one is connected to after the transfer command: some devices listen
    /// only then. Not for uploads, whose command empties a file that exists.
    pub(super) async fn open_for_transfer(
        &mut self,
        command: &Command,
        query: Option<Command>,
    ) -> Result<(Opened, Option<Reply>)> {
        match self.open_passive_or_active(command, query.clone()).await {
            Err(Error::DataConnect(error))
                if self.may_connect_late(&error) && direction(command) == Direction::Down =>
            {
                self.capabilities.connects_late = true;
                let opened = self.open_passive_or_active(command, query).await;
                self.capabilities.connects_late = opened.is_ok();
                opened
            }
            opened => opened,
        }
    }

    /// Returns whether the server may listen on a port that refused the connection after the transfer command only.
    fn may_connect_late(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::ConnectionRefused
            && self.capabilities.passive.is_none()
            && !self.capabilities.connects_late
            && self.server_kind() == ServerKind::Other
    }

    /// Lists the working directory if the upload of `command` was not begun because each port refused the connection, to
    /// find out whether the server listens after the transfer command only. Returns whether it does.
    pub(super) fn learns_late_port<'a>(
        &'a mut self,
        command: &Command,
        error: &Error,
    ) -> BoxFuture<'a, bool> {
        let is_upload = direction(command) == Direction::Up;
        let is_open = is_upload && matches!(error, Error::DataConnect(error) if self.may_connect_late(error));
        Box::pin(async move {
            if is_open {
                let mut entries = self.list("").stream();
                while let Some(Ok(_)) = entries.next().await {}
            }
            is_open && self.capabilities.connects_late
        })
    }

    /// Records that a port did not accept the connection after the transfer command either.
    pub(super) fn forget_late_port(&mut self) {
        self.capabilities.connects_late = false;
        self.capabilities.passive = None;
    }

    /// Opens a passive data connection for `command`, and sends `query` in the meantime; or opens an active one on a server
    /// that knows no passive mode. Returns the reply to the query, if it was sent.
    async fn open_passive_or_active(
        &mut self,
        command: &Command,
        query: Option<Command>,
    ) -> Result<(Opened, Option<Reply>)> {
        let refused = match self.open_passive_for(command, query).await {
            Err(error) if self.capabilities.passive.is_none() && self.may_try_active(&error) => error,
            opened => return opened,
        };
        match self.open_active().await {
            Ok(opened) => {
                // Passive mode may work later if the server has no port at the moment.
                self.capabilities.active_only |= refused.reply().is_none_or(classify::rejects_passive);
                Ok((opened, None))
            }
            Err(error) if error.is_connection_lost() => Err(error),
            Err(_) => Err(refused),
        }
    }

    /// Opens a passive data connection for `command`. A server that redirects transfers to other machines
    /// (drftpd) needs `PRET` first, to choose the machine that listens. `PRET` is sent once the server has
    /// asked for it.
    async fn open_passive_for(
        &mut self,
        command: &Command,
        query: Option<Command>,
    ) -> Result<(Opened, Option<Reply>)> {
        if !self.capabilities.wants_pret {
            match self.open_passive(query.clone(), self.passive_order()).await {
                Err(Error::StatusCode(refused)) if classify::requires_pret(&refused.info) => {
                    self.capabilities.wants_pret = true;
                }
                opened => return opened,
            }
        }
        let pret = Command::with_argument("PRET", command.as_bytes())?;
        self.control.run(Exchange::new(pret, &["2xx"])).await?;
        self.open_passive(query, self.passive_order()).await
    }

    /// Opens a data connection by one of the passive `modes`, and sends `query` in the meantime.
    async fn open_passive(
        &mut self,
        query: Option<Command>,
        modes: Vec<PassiveMode>,
    ) -> Result<(Opened, Option<Reply>)> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialer = self.dialer(&config, &host);
        let first = modes.first().copied();
        dialer.last_mode = modes.last().copied();
        let is_restart = query.as_ref().is_some_and(|query| query.verb() == b"REST");
        let was_pending = self.state.restart_pending;
        self.capabilities.lost_to_passive = false;
        self.state.restart_pending |= is_restart;
        let outcome = self.run_passive(query, modes, &mut dialer).await;
        if dialer.opened.is_none() && dialer.failure.is_none() {
            // No port was known to connect to, so the query was not sent.
            self.state.restart_pending = was_pending;
        }
        self.capabilities.opens_late |= dialer.was_late;
        match (outcome, dialer.opened, dialer.failure) {
            (Ok((mode, reply)), Some(opened), _) => {
                self.capabilities.passive = Some(mode);
                self.state.had_passive_data = true;
                // `REST` must be sent again after another passive command.
                Ok((opened, reply.filter(|_| !is_restart || Some(mode) == first)))
            }
            (Err(Error::DataConnect(_)), _, Some(failure)) => Err(Error::DataConnect(failure)),
            // The other passive command is unknown: what failed is the connection.
            (Err(error), None, Some(failure)) if error.reply().is_some_and(classify::is_unknown_command) => {
                Err(Error::DataConnect(failure))
            }
            (Err(error), None, None) => {
                let is_closed = error.is_connection_lost() || error.code() == Some(Code::SERVICE_CLOSING);
                self.capabilities.lost_to_passive = is_closed && self.control.was_closed_by_server();
                Err(error)
            }
            (Err(error), ..) => Err(error),
            (Ok(_), None, _) => Err(Error::DataConnect(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Runs the passive dialog. Uses the passive command that was pipelined with the previous transfer, if
    /// there is one.
    async fn run_passive(
        &mut self,
        query: Option<Command>,
        modes: Vec<PassiveMode>,
        dialer: &mut DataDialer<'_>,
    ) -> Result<(PassiveMode, Option<Reply>)> {
        let first = modes.first().copied();
        let io = DialogIo::Data(dialer);
        self.control.await_closed_download().await?;
        let ahead = self.control.take_pipelined();
        let outcome = match ahead {
            PipelinedPassive::Sent(mode) if first == Some(mode) => {
                self.control.resume_with(PassiveWithQuery::new(query, Passive::sent(modes)), io).await
            }
            PipelinedPassive::Listening(mode, endpoint) if first == Some(mode) => {
                let passive = Passive::answered(modes, endpoint);
                self.control.resume_with(PassiveWithQuery::new(query, passive), io).await
            }
            _ => self.control.run_with(PassiveWithQuery::new(query, Passive::new(modes)), io).await,
        };
        let mode = outcome.as_ref().ok().map(|(mode, _)| *mode);
        self.capabilities.no_pipelining |=
            ahead == PipelinedPassive::Refused || (ahead != PipelinedPassive::None && mode != first);
        outcome
    }

    /// Returns the passive command that may be pipelined after the data of a transfer.
    pub(super) fn next_passive_mode(&self, direction: Direction, follow_up: FollowUp) -> Option<PassiveMode> {
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
    pub(super) async fn open_active(&mut self) -> Result<Opened> {
        let config = self.config.clone();
        let host = self.host.name.clone();
        let mut dialer = self.dialer(&config, &host);
        let port_only = self.capabilities.no_eprt || self.capabilities.commands.avoids(OptionalCommand::EPRT);
        let dialog = if port_only { Active::port_only() } else { Active::default() };
        self.capabilities.no_eprt |=
            self.control.run_with(dialog, DialogIo::Data(&mut dialer)).await?.refuses_eprt();
        dialer.opened.ok_or_else(|| Error::DataConnect(io::ErrorKind::NotConnected.into()))
    }

    /// Returns whether active mode is worth an attempt after the failure of each passive mode: it is refused, or its reply
    /// contains no address. A server that has no port is asked for one again before that.
    fn may_try_active(&self, failure: &Error) -> bool {
        match failure {
            Error::StatusCode(refused) => {
                classify::rejects_passive(&refused.info)
                    || classify::lacks_passive_port(&refused.info)
                        && self.capabilities.commands.note_lack_of_passive_port()
                        && self.is_near()
            }
            Error::DataConnect(failure) => {
                failure.get_ref().is_some_and(|source| source.is::<AddressError>()) && self.is_near()
            }
            _ => false,
        }
    }

    /// Returns whether the session was lost to a passive command, before any data connection of this server, so that active
    /// mode is worth an attempt.
    pub(super) fn is_lost_to_passive(&self) -> bool {
        self.capabilities.lost_to_passive
            && self.capabilities.passive.is_none()
            && self.is_broken()
            && self.is_near()
    }

    /// Returns whether the server can probably connect to this machine: no address is translated between the two.
    fn is_near(&self) -> bool {
        let addresses = (self.control.local_address(), self.control.peer_address());
        let (Some(local), Some(peer)) = addresses else { return false };
        let is_private = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => {
                address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()
            }
        };
        !is_private(local.ip()) || is_private(peer.ip())
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
            connects_late: self.capabilities.connects_late,
            last_mode: None,
            opens_late: self.capabilities.opens_late,
            was_late: false,
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
        if modes.len() > 1 && self.capabilities.commands.avoids(OptionalCommand::EPSV) {
            modes.retain(|mode| *mode != PassiveMode::Epsv);
        }
        modes.sort_by_key(|mode| Some(*mode) != self.capabilities.passive);
        modes
    }
}
