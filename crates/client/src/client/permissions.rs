//! Permissions of files.

use oxftp_proto::{Command, RemotePath, dialog::Exchange};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Sets the permissions of a file or directory (`SITE CHMOD`, which no RFC describes).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.set_permissions("backup.sh", 0o755).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The bits of the mode are those of POSIX, the lowest twelve; higher ones are left out. Some
    /// servers take the lowest nine alone.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`](crate::Error::StatusCode) when the server does not know the command or
    /// refuses to do it.
    pub async fn set_permissions(&mut self, path: impl Into<RemotePath>, mode: u32) -> Result<()> {
        let words = format!("CHMOD {:03o}", mode & 0o7777);
        let command = Command::with_path_among("SITE", &words, &path.into(), "", self.config.encoding)?;
        self.go_home().await?;
        self.control.run(Exchange::new(command, &["2xx"])).await.map(drop)
    }

    /// Asks the server to list permissions where it does so only when asked (`OPTS MLST`; RFC 3659, 7.9), as
    /// pyftpdlib.
    pub(crate) async fn list_permissions(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.known.permissions_asked, true) {
            return Ok(());
        }
        let Some(facts) = self.features().await?.parameters("MLST").and_then(with_modes) else {
            return Ok(());
        };
        let command = Command::with_argument("OPTS", format!("MLST {facts}"))?;
        match self.control.run(Exchange::new(command, &["2xx"])).await {
            Err(Error::StatusCode(refused)) if refused.info.code().class() == 5 => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// Gives the facts that are listed, those with a star behind them, and the permissions; `None` where these are among
/// them, or are not to be had.
fn with_modes(offered: &str) -> Option<String> {
    let facts = || offered.split(';').map(str::trim).filter(|fact| !fact.is_empty());
    let mode = facts().find(|fact| fact.eq_ignore_ascii_case("UNIX.mode"))?;
    let listed = facts().filter_map(|fact| fact.strip_suffix('*'));
    Some(listed.chain([mode]).flat_map(|fact| [fact, ";"]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_asked_for_where_they_are_offered_and_not_listed() {
        let facts = with_modes("type*;perm*;size*;unique;unix.mode;");
        assert_eq!(facts.as_deref(), Some("type;perm;size;unix.mode;"));
        assert_eq!(with_modes("type*;size*;UNIX.mode*;"), None);
        assert_eq!(with_modes("type*;size*;"), None);
    }
}
