//! Commands before and after the login that identify the client and its options: `HOST`, `CLNT`, `OPTS UTF8`.

use oxftp_proto::{Code, Command, TransferType, dialog::Exchange};

use super::Client;
use crate::{Error, Result, Utf8, config::UserCommand};

impl Client {
    /// Selects the virtual host, if one is configured (`HOST`).
    pub(crate) async fn name_virtual_host(&mut self) -> Result<()> {
        let Some(host) = self.config.login_options.virtual_host.clone() else { return Ok(()) };
        let named = self.control.run(Exchange::new(Command::with_argument("HOST", &host)?, &["2xx"])).await;
        match named {
            Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => {
                Err(Error::VirtualHostRefused { host, reply: refused.info })
            }
            named => named.map(drop),
        }
    }

    /// Sends the commands that follow a login.
    pub(crate) async fn send_login_options(&mut self) -> Result<()> {
        // Some servers enable UTF-8 only for clients that have sent their name.
        if let Some(name) = self.config.login_options.client_name.clone() {
            self.send_optional(Command::with_argument("CLNT", name)?).await?;
        }
        if self.asks_for_utf8() {
            self.send_optional(Command::with_argument("OPTS", "UTF8 ON")?).await?;
        }
        let commands = self.config.login_options.on_login.clone();
        self.send_user_commands(&commands).await
    }

    /// Sends the user's commands before a file is transferred.
    pub(crate) async fn before_transfer(&mut self) -> Result<()> {
        let config = self.config.clone();
        self.send_user_commands(&config.login_options.before_transfer).await
    }

    /// Sends the user's commands after a file was transferred.
    pub(crate) async fn after_transfer(&mut self) -> Result<()> {
        let config = self.config.clone();
        self.send_user_commands(&config.login_options.after_transfer).await
    }

    /// Returns whether the user's commands surround each file.
    pub(crate) fn surrounds_transfers(&self) -> bool {
        let options = &self.config.login_options;
        !options.before_transfer.is_empty() || !options.after_transfer.is_empty()
    }

    async fn send_user_commands(&mut self, commands: &[UserCommand]) -> Result<()> {
        for UserCommand { line, may_be_refused } in commands {
            let command = Command::raw(line.expose(), self.config.encoding)?;
            self.restore_working_dir().await?;
            self.control.redact_further(command.secret());
            // The command may change what the client has set.
            self.state.transfer_type = None;
            match self.control.run(Exchange::new(command.clone(), &["2xx"])).await {
                Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => {
                    if !may_be_refused {
                        let command = self.control.redacted(&command.to_string());
                        return Err(Error::CommandRefused { command, reply: refused.info });
                    }
                }
                answered => {
                    answered?;
                    if let Some(chosen) = TransferType::of_command(command.as_bytes()) {
                        self.state.file_type = Some(chosen);
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns whether files are converted on their way: the user has chosen `TYPE A` or `TYPE E`. Then sizes on both
    /// sides differ, and offsets mean nothing.
    pub(crate) fn converts_files(&self) -> bool {
        matches!(self.state.file_type, Some(TransferType::Ascii | TransferType::Ebcdic))
    }

    /// Sends a command, and ignores a refusal.
    async fn send_optional(&mut self, command: Command) -> Result<()> {
        match self.exchange(command, &["2xx"]).await {
            Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => Ok(()),
            // The session was opened again, with the options that work.
            Err(Error::Unanswered { .. }) => Ok(()),
            answered => answered.map(drop),
        }
    }

    fn asks_for_utf8(&self) -> bool {
        let lacks_it = self.capabilities.features.as_ref().is_some_and(|features| !features.contains("UTF8"));
        self.config.encoding.is_utf8()
            && match self.config.login_options.utf8 {
                Utf8::Auto => !lacks_it && self.server_kind().quirks().needs_opts_utf8,
                Utf8::Ask => true,
                Utf8::Leave => false,
            }
    }
}
