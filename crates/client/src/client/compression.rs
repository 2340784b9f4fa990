//! `MODE Z`: compression of data connections (draft-preston-ftpext-deflate).

use oxftp_proto::Command;

use super::Client;
use crate::{Error, Result, stream::Direction};

/// Transfer mode of data connections (RFC 959, 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TransferMode {
    /// `MODE S`: uncompressed. The mode after each login.
    #[default]
    Stream,
    /// `MODE Z`: compressed with zlib.
    Deflated,
    /// `MODE` was sent, and its reply was not read.
    Unknown,
}

impl Client {
    /// Sets the mode of the next transfer, and returns whether it is compressed. Transfers with an offset
    /// are not compressed, because servers disagree about which bytes the offset counts.
    pub(super) async fn compresses(&mut self, may_be: bool, direction: Direction) -> Result<bool> {
        let distrusted = self.capabilities.no_compressed_uploads && direction == Direction::Up;
        let wanted = self.config.compress && may_be && !self.capabilities.no_compression && !distrusted;
        if !wanted || !self.offers_compression().await? {
            self.set_mode(TransferMode::Stream).await?;
            return Ok(false);
        }
        match self.set_mode(TransferMode::Deflated).await {
            Err(Error::StatusCode(refused)) if refused.info.code().class() == 5 => {
                self.disable_compression(&format!("the server refuses compression ({})", refused.info));
                self.set_mode(TransferMode::Stream).await?;
                Ok(false)
            }
            Err(Error::Unanswered { .. }) => {
                self.disable_compression("the server does not answer the command for compression (MODE Z)");
                Ok(false)
            }
            set => set.map(|()| true),
        }
    }

    /// Sets the transfer mode, unless it is set already (`MODE`).
    pub(super) async fn set_mode(&mut self, wanted: TransferMode) -> Result<()> {
        if self.state.mode == wanted {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.state.mode, TransferMode::Unknown);
        let letter = if wanted == TransferMode::Deflated { "Z" } else { "S" };
        let set = self.exchange(Command::with_argument("MODE", letter)?, &["2xx"]).await;
        self.state.mode = match &set {
            Ok(_) => wanted,
            Err(Error::Unanswered { .. }) => TransferMode::Stream,
            Err(Error::StatusCode(_)) => before,
            Err(_) => TransferMode::Unknown,
        };
        set.map(drop)
    }

    /// Disables compressed uploads to a server that damages them.
    pub(crate) fn disable_compressed_uploads(&mut self, error: &Error) {
        crate::trace::warn!("the server damages compressed uploads ({error}); uploads are sent uncompressed");
        self.capabilities.no_compressed_uploads = true;
    }

    /// Returns whether `FEAT` lists `MODE Z`.
    async fn offers_compression(&mut self) -> Result<bool> {
        let modes = self.features().await?.parameters("MODE").unwrap_or_default();
        let offered = modes.split([' ', ';', ',']).any(|mode| mode.eq_ignore_ascii_case("Z"));
        if !offered {
            self.disable_compression("the server does not offer compression (MODE Z)");
        }
        Ok(offered)
    }

    fn disable_compression(&mut self, why: &str) {
        crate::trace::warn!("{why}; data are sent uncompressed");
        self.capabilities.no_compression = true;
    }
}
