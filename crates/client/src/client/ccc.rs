//! `CCC`: reverts the control connection to plain text after the login.

use oxftp_proto::{Command, dialog::Exchange};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Reverts the control connection to plain text for the rest of the session (`CCC`; RFC 4217, 12.3),
    /// for firewalls and routers that must read the commands. Data connections stay protected as before.
    ///
    /// Anyone on the network can then read every name, and change every command and reply. The client never
    /// does this by itself. TLS is closed on both sides; data that the server sends in between are an
    /// error. If the control connection is not encrypted, nothing is sent.
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
    /// [`Error::StatusCode`] if the server refuses (`533`, `534`); commands stay encrypted then.
    /// [`Error::Control`], [`Error::Desynchronised`] and [`Error::Timeout`] if TLS does not close cleanly;
    /// the client is broken then.
    pub async fn clear_command_channel(&mut self) -> Result<()> {
        if !self.is_encrypted() {
            return self.check_usable();
        }
        self.state.alter();
        self.control.run(Exchange::new(Command::new("CCC"), &["2xx"])).await?;
        self.control.end_tls().await
    }

    /// Returns an error if the password would be sent in plain text although TLS was requested.
    pub(crate) fn check_login_is_safe(&self) -> Result<()> {
        let was_cleared = self.tls.is_some() && !self.control.is_broken() && !self.is_encrypted();
        if was_cleared { Err(Error::ControlNotEncrypted) } else { Ok(()) }
    }
}
