//! One side of a transfer between two servers: a server that is to exchange data with another one
//! instead of with this client.
//!
//! What both sides do in turn is [`fxp`](crate::fxp())'s task.

use std::net::SocketAddr;

use oxftp_proto::{
    Code, Command, RemotePath, Reply, TransferType,
    dialog::{Completion, Exchange, FxpConnect, FxpListen, Started, Transfer},
};

use super::{Client, compression::Mode};
use crate::{Error, Result};

/// How the data between two servers are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// Not at all.
    None,
    /// By TLS, which the listening server begins, as `CPSV` tells it.
    ByListener,
    /// By TLS, which the listening server begins, as `SSCN ON` tells it.
    ByListenerOnceTold,
    /// By TLS, which the connecting server begins, as `SSCN ON` tells it.
    ByConnectorOnceTold,
}

impl Client {
    /// Tells whether data connections are encrypted.
    pub(crate) fn protects_data(&self) -> bool {
        self.known.protects_data
    }

    /// Makes ready to move files as they are.
    pub(crate) async fn prepare_for_peer(&mut self) -> Result<()> {
        self.go_home().await?;
        self.await_handshakes().await?;
        self.set_mode(Mode::Stream).await?;
        self.set_type(TransferType::Image).await
    }

    /// Makes the server begin the TLS handshake of data connections (`SSCN ON`).
    pub(crate) async fn begin_handshakes(&mut self) -> Result<()> {
        self.known.begins_handshakes = true;
        match self.control.run(Exchange::new(Command::with_argument("SSCN", "ON")?, &["2xx"])).await {
            Err(error @ Error::StatusCode(_)) => {
                self.known.begins_handshakes = false;
                Err(error)
            }
            begun => begun.map(drop),
        }
    }

    /// Makes the server await the TLS handshake of data connections again, as this client begins it
    /// (`SSCN OFF`).
    pub(crate) async fn await_handshakes(&mut self) -> Result<()> {
        if !self.known.begins_handshakes {
            return Ok(());
        }
        self.control.run(Exchange::new(Command::with_argument("SSCN", "OFF")?, &["2xx"])).await?;
        self.known.begins_handshakes = false;
        Ok(())
    }

    /// Makes the server listen for another one; gives the address to name to that one.
    pub(crate) async fn listen_for_peer(&mut self, handshake: Handshake) -> Result<SocketAddr> {
        let dialog = match handshake {
            Handshake::ByListener => FxpListen::with_cpsv(),
            _ => FxpListen::new(self.passive_order()),
        };
        let endpoint = self.control.run(dialog).await?;
        let control = self.control.peer_address().map(|address| address.ip());
        let address = endpoint.for_peer(control, self.config.trust_passive_address);
        address.ok_or(Error::NotOffered { what: "address that another server could connect to" })
    }

    /// Names to the server the address of another one, where the next transfer is to connect.
    pub(crate) async fn connect_to_peer(&mut self, address: SocketAddr) -> Result<()> {
        self.control.run(FxpConnect::new(address)).await
    }

    /// Starts a transfer with another server.
    pub(crate) async fn start_with_peer(&mut self, verb: &'static str, path: &RemotePath) -> Result<Started> {
        let command = Command::with_path(verb, path, self.config.encoding)?;
        let restart = self.known.stale_restart.then_some(0);
        self.control.begin_transfer();
        let started = self.control.run(Transfer::new(command, restart)).await?;
        self.known.stale_restart = false;
        Ok(started)
    }

    /// Awaits the end of a transfer with another server, for as long as it takes.
    pub(crate) async fn finish_with_peer(&mut self, started: Started) -> Result<Reply> {
        match started {
            Started::Final(reply) => Ok(reply),
            Started::Preliminary(_) => self.control.resume(Completion::new(&["2xx"], &["1xx"]), None).await,
        }
    }

    /// Breaks a transfer with another server off, if one runs; what comes of it counts no more.
    pub(crate) async fn abort_with_peer(&mut self) {
        if self.control.is_owing()
            && let Err(error) = self.control.begin_abort().await
        {
            tracing::debug!("a transfer between servers was not broken off: {error}");
        }
        if !self.control.is_broken() {
            // A client that is out of step says so by itself.
            let _ = self.control.settle().await;
        }
    }

    /// Leaves the breaking off to the next command.
    pub(crate) fn abort_with_peer_later(&mut self) {
        if self.control.is_owing() {
            // Nothing is sent here, so nothing can fail but a dialog that was driven wrongly.
            let _ = self.control.plan_abort();
        }
    }

    /// Tells whether `FEAT` lists this.
    pub(crate) async fn offers(&mut self, feature: &str) -> Result<bool> {
        Ok(self.features().await?.contains(feature))
    }

    /// Asks for the size of a file that must be there: `None` when the server does not tell.
    pub(crate) async fn size_of_source(&mut self, path: &RemotePath) -> Result<Option<u64>> {
        match self.size(path).await {
            Ok(size) => Ok(Some(size)),
            Err(Error::StatusCode(error)) if error.info.code() == Code::FILE_UNAVAILABLE => Err(error.into()),
            Err(Error::StatusCode(error)) if error.info.code() != Code::SERVICE_CLOSING => Ok(None),
            Err(Error::UnusableReply { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
