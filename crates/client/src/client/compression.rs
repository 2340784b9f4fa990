//! Data that are compressed on their way (`MODE Z`; draft-preston-ftpext-deflate).

use oxftp_proto::{Command, dialog::Exchange};

use super::Client;
use crate::{Error, Result, stream::Direction};

/// How bytes go over data connections (RFC 959, 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TransferMode {
    /// As they are, as after each login.
    #[default]
    Stream,
    /// Compressed.
    Deflated,
    /// A change was begun, and not seen through.
    Unknown,
}

impl Client {
    /// Tells whether the next transfer is compressed, and makes it so where it may be. What starts at an
    /// offset may not: servers differ in which bytes they count.
    pub(super) async fn compresses(&mut self, may_be: bool, direction: Direction) -> Result<bool> {
        let distrusted = self.capabilities.no_compressed_uploads && direction == Direction::Up;
        let wanted = self.config.compress && may_be && !self.capabilities.no_compression && !distrusted;
        if !wanted || !self.offers_compression().await? {
            self.set_mode(TransferMode::Stream).await?;
            return Ok(false);
        }
        match self.set_mode(TransferMode::Deflated).await {
            Err(Error::StatusCode(refused)) if refused.info.code().class() == 5 => {
                self.do_without_compression(&format!("the server refuses to compress ({})", refused.info));
                self.set_mode(TransferMode::Stream).await?;
                Ok(false)
            }
            set => set.map(|()| true),
        }
    }

    /// Sets how bytes go, where that is not so already (`MODE`).
    pub(super) async fn set_mode(&mut self, wanted: TransferMode) -> Result<()> {
        if self.state.mode == wanted {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.state.mode, TransferMode::Unknown);
        let letter = if wanted == TransferMode::Deflated { "Z" } else { "S" };
        let set = self.control.run(Exchange::new(Command::with_argument("MODE", letter)?, &["2xx"])).await;
        self.state.mode = match &set {
            Ok(_) => wanted,
            Err(Error::StatusCode(_)) => before,
            Err(_) => TransferMode::Unknown,
        };
        set.map(drop)
    }

    /// Sends nothing compressed any more to a server that makes something else of it.
    pub(crate) fn disable_compressed_uploads(&mut self, error: &Error) {
        tracing::warn!("the server spoils what it is sent compressed ({error}); uploads go as they are");
        self.capabilities.no_compressed_uploads = true;
    }

    async fn offers_compression(&mut self) -> Result<bool> {
        let modes = self.features().await?.parameters("MODE").unwrap_or_default();
        let offered = modes.split([' ', ';', ',']).any(|mode| mode.eq_ignore_ascii_case("Z"));
        if !offered {
            self.do_without_compression("the server does not offer to compress (MODE Z)");
        }
        Ok(offered)
    }

    fn do_without_compression(&mut self, why: &str) {
        tracing::warn!("{why}; data go as they are");
        self.capabilities.no_compression = true;
    }
}
