//! Directories and files on the server.

use oxftp_proto::{
    Code, Command, RemotePath, Reply,
    dialog::{Exchange, Rename},
};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Asks for the working directory (`PWD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let home = client.current_directory().await?;
    /// println!("{home}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when it is refused; [`Error::UnusableReply`] when the answer names
    /// no path.
    pub async fn current_directory(&mut self) -> Result<RemotePath> {
        self.go_home().await?;
        let reply = self.control.run(Exchange::new(Command::new("PWD"), &["2xx"])).await?;
        reply.directory(self.config.encoding).ok_or(Error::UnusableReply { command: "PWD", reply })
    }

    /// Changes the working directory (`CWD`; RFC 959, 4.1.1). The path `..` goes
    /// [up](Self::change_to_parent).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.change_directory("/pub").await?;
    /// client.download("readme.txt").await?;              // seen from there
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when the path is refused.
    pub async fn change_directory(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        if path.as_bytes() == b".." {
            return self.change_to_parent().await;
        }
        self.state.dirty = true;
        self.path_command("CWD", &path, &["2xx"]).await.map(drop)
    }

    /// Goes to the parent of the working directory (`CDUP`; RFC 959, 4.1.1).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.change_directory("pub/new").await?;
    /// client.change_to_parent().await?;                  // in pub
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when it is refused.
    pub async fn change_to_parent(&mut self) -> Result<()> {
        self.state.dirty = true;
        self.go_home().await?;
        self.control.run(Exchange::new(Command::new("CDUP"), &["2xx"])).await.map(drop)
    }

    /// Makes a directory and whatever is missing above it; one that exists is fine (`MKD`;
    /// RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.make_directory("reports/2024/05").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when it, or one above, cannot be made.
    pub async fn make_directory(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        // The directories that are missing, the deepest first.
        let mut missing = vec![path];
        while let Some(next) = missing.last().cloned() {
            let error = match self.make_one_directory(&next).await {
                Ok(()) => {
                    missing.pop();
                    continue;
                }
                Err(error) => error,
            };
            let parent = next.parent().filter(|parent| !parent.is_empty());
            let climbed_before = missing.len() > 1 && missing.len() > self.config.limits.directory_depth;
            let Some(parent) = parent.filter(|_| refuses_path(&error) && !climbed_before) else {
                return Err(error);
            };
            if self.is_there(&parent).await? {
                // Another session may have made the parent after the refusal.
                self.make_one_directory(&next).await?;
                missing.pop();
            } else {
                missing.push(parent);
            }
        }
        Ok(())
    }

    /// Makes a directory whose parent exists; one that exists is fine (`MKD`).
    ///
    /// Servers say that a directory exists in many ways (`521`, `550`, even `250`), so after a
    /// refusal it is looked for.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.make_directory_in_parent("reports").await?;
    /// client.make_directory_in_parent("reports").await?;   // it is there: fine
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when it cannot be made.
    pub async fn make_directory_in_parent(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        self.make_one_directory(&path.into()).await
    }

    async fn make_one_directory(&mut self, path: &RemotePath) -> Result<()> {
        match self.path_command("MKD", path, &["2xx", "521"]).await {
            Ok(_) => Ok(()),
            Err(error) if refuses_path(&error) && self.is_directory_by_entering(path).await? => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an empty directory (`RMD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.remove_directory("reports/2024").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when it is not there, not empty, or not to be removed.
    pub async fn remove_directory(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        self.path_command("RMD", &path.into(), &["2xx"]).await.map(drop)
    }

    /// Removes a file (`DELE`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.remove_file("old.txt").await {
    ///     Err(error) if error.is_not_found() => println!("gone before"),
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when it is not there or not to be removed.
    pub async fn remove_file(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        self.path_command("DELE", &path.into(), &["2xx"]).await.map(drop)
    }

    /// Renames `from` to `to` (`RNFR`, `RNTO`; RFC 959, 4.1.3).
    ///
    /// Many servers overwrite an existing `to` without a word.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.rename("report.pdf.new", "report.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when either path is refused; the reply tells which.
    pub async fn rename(&mut self, from: impl Into<RemotePath>, to: impl Into<RemotePath>) -> Result<()> {
        let from = from.into();
        let dialog = Rename::new(&from, &to.into(), self.config.encoding)?;
        self.go_home().await?;
        self.state.pending_rename = Some(from);
        let renamed = self.control.run(dialog).await;
        self.state.pending_rename = None;
        renamed.map(drop)
    }

    /// Ends a renaming whose future was dropped between its commands: ProFTPD refuses all others until then.
    async fn end_renaming(&mut self) -> Result<()> {
        let Some(from) = &self.state.pending_rename else { return Ok(()) };
        // Its own name is no change; a server that has ended it already says so.
        let command = Command::with_path("RNTO", from, self.config.encoding)?;
        self.control.run(Exchange::new(command, &["2xx", "4xx", "5xx"])).await?;
        self.state.pending_rename = None;
        Ok(())
    }

    pub(crate) async fn path_command(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        expected: &[&str],
    ) -> Result<Reply> {
        let command = Command::with_path(verb, path, self.config.encoding)?;
        self.go_home().await?;
        self.control.run(Exchange::new(command, expected)).await
    }

    /// Tells whether a directory can be entered, and goes back: works on every server.
    pub(crate) async fn is_directory_by_entering(&mut self, path: &RemotePath) -> Result<bool> {
        let entered = self.visit(path).await?;
        self.go_home().await?;
        Ok(entered)
    }

    /// Enters a directory for a moment; tells whether it can be entered.
    ///
    /// [`go_home`](Self::go_home) leaves it, and so does each other operation, should this one's
    /// future be dropped.
    pub(crate) async fn visit(&mut self, path: &RemotePath) -> Result<bool> {
        let home = self.current_directory().await?;
        let command = Command::with_path("CWD", path, self.config.encoding)?;
        self.state.home = Some(home);
        match self.control.run(Exchange::new(command, &["2xx"])).await {
            Ok(_) => Ok(true),
            Err(error) if refuses_path(&error) => {
                self.state.home = None;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Goes back to where the caller thinks to be.
    pub(crate) async fn go_home(&mut self) -> Result<()> {
        self.end_renaming().await?;
        let Some(home) = &self.state.home else { return Ok(()) };
        let command = Command::with_path("CWD", home, self.config.encoding)?;
        self.control.run(Exchange::new(command, &["2xx"])).await?;
        self.state.home = None;
        Ok(())
    }

    async fn is_there(&mut self, directory: &RemotePath) -> Result<bool> {
        self.is_directory_by_entering(directory).await
    }
}

/// Tells whether an error is about the path, and not about the session.
fn refuses_path(error: &Error) -> bool {
    matches!(error, Error::StatusCode(error)
        if matches!(error.info.code().class(), 4 | 5)
            && !matches!(error.info.code(), Code::SERVICE_CLOSING | Code::NOT_LOGGED_IN))
}
