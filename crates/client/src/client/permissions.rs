//! Permissions of files.

use oxftp_proto::{Command, RemotePath, dialog::Exchange};

use super::Client;
use crate::Result;

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
}
