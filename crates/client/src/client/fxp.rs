//! One side of a server-to-server transfer: a server that exchanges data with another server instead of
//! with this client.
//!
//! [`fxp`](crate::fxp()) coordinates the two sides.

use std::net::SocketAddr;

use oxftp_proto::{
    Code, Command, RemotePath, Reply, TransferType,
    dialog::{Completion, FxpConnect, FxpListen, Started, Transfer},
};

use super::{Client, compression::TransferMode, navigation::Spelling};
use crate::{Error, Result};

/// The encryption of the data between two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// Not encrypted.
    None,
    /// By TLS. The listening server begins the handshake, requested by `CPSV`.
    ByListener,
    /// By TLS. The listening server begins the handshake, requested by `SSCN ON`.
    ByListenerOnRequest,
    /// By TLS. The connecting server begins the handshake, requested by `SSCN ON`.
    ByConnectorOnRequest,
}

impl Client {
    /// Returns whether data connections are encrypted.
    pub(crate) fn protects_data(&self) -> bool {
        self.state.protects_data
    }

    /// Sets the modes that a server-to-server transfer needs: uncompressed binary data.
    pub(crate) async fn prepare_for_peer(&mut self) -> Result<()> {
        self.restore_working_dir().await?;
        self.await_handshakes().await?;
        self.set_mode(TransferMode::Stream).await?;
        self.set_type(TransferType::Image).await
    }

    /// Makes the server listen for the other server, and returns the address for the other server to
    /// connect to.
    pub(crate) async fn listen_for_peer(&mut self, handshake: Handshake) -> Result<SocketAddr> {
        let dialog = match handshake {
            Handshake::ByListener => FxpListen::with_cpsv(),
            _ => FxpListen::new(self.passive_order()),
        };
        let endpoint = self.control.run(dialog).await?;
        let control = self.control.peer_address().map(|address| address.ip());
        let address = endpoint.for_peer(control, self.config.trust_passive_address);
        address.ok_or(Error::Unsupported { what: "address that another server can connect to" })
    }

    /// Makes the server connect to `address` for the next transfer.
    pub(crate) async fn connect_to_peer(&mut self, address: SocketAddr) -> Result<()> {
        self.control.run(FxpConnect::new(address)).await
    }

    /// Starts a transfer with the other server.
    pub(crate) async fn start_with_peer(&mut self, verb: &'static str, path: &RemotePath) -> Result<Started> {
        let argument = self.reach(path, Spelling::Usual).await?;
        let command = Command::with_path(verb, &argument, self.config.encoding)?;
        let restart = self.state.restart_pending.then_some(0);
        self.control.begin_transfer();
        let started = self.control.run(Transfer::new(command, restart)).await?;
        self.state.restart_pending = false;
        Ok(started)
    }

    /// Waits for the final reply of a transfer with the other server, without a deadline.
    pub(crate) async fn finish_with_peer(&mut self, started: Started) -> Result<Reply> {
        match started {
            Started::Final(reply) => Ok(reply),
            Started::Preliminary(_) => self.control.resume(Completion::new(&["2xx"], &["1xx"]), None).await,
        }
    }

    /// Aborts a transfer with the other server, if one is running. Its replies are ignored.
    pub(crate) async fn abort_with_peer(&mut self) {
        if self.control.has_outstanding()
            && let Err(error) = self.control.begin_abort().await
        {
            crate::trace::debug!("failed to abort a server-to-server transfer: {error}");
        }
        if !self.control.is_broken() {
            // A failure marks the client as broken, and its next operation reports that.
            let _ = self.control.settle().await;
        }
    }

    /// Schedules `ABOR` to be sent before the next command.
    pub(crate) fn abort_with_peer_later(&mut self) {
        if self.control.has_outstanding() {
            // Nothing is sent here, so only a misused dialog can fail.
            let _ = self.control.schedule_abort();
        }
    }

    /// Returns whether `FEAT` lists a feature.
    pub(crate) async fn offers(&mut self, feature: &str) -> Result<bool> {
        Ok(self.features().await?.contains(feature))
    }

    /// Queries the size of a file that must exist. Returns `None` if the server does not report it.
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
