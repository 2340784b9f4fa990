//! Commands in clear behind a login that was not.

use oxftp_proto::{Command, dialog::Exchange};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Ends the encryption of commands for the rest of the session (`CCC`; RFC 4217, 12.3), for firewalls and
    /// routers that must read them; data connections stay as protected as they were.
    ///
    /// Whoever listens then sees every name, and whoever meddles can change every command and reply. Nothing
    /// ever does this by itself. TLS ends on both sides, and what the server sends in between is an error. Where it
    /// is off already nothing is sent.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.clear_command_channel().await?;
    /// assert!(!client.is_encrypted());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when the server refuses (`533`, `534`): commands stay encrypted;
    /// [`Error::Control`], [`Error::Desynchronised`] and [`Error::Timeout`] when TLS does not end as it should: the
    /// client is broken then.
    pub async fn clear_command_channel(&mut self) -> Result<()> {
        if !self.is_encrypted() {
            return self.check_usable();
        }
        self.state.dirty = true;
        self.control.run(Exchange::new(Command::new("CCC"), &["2xx"])).await?;
        self.control.end_tls().await
    }

    /// Sees to it that no password goes in clear where TLS was asked for.
    pub(crate) fn check_login_is_safe(&self) -> Result<()> {
        let was_cleared = self.tls.is_some() && !self.control.is_broken() && !self.is_encrypted();
        if was_cleared { Err(Error::ControlInClear) } else { Ok(()) }
    }
}
