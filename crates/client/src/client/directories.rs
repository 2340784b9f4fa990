//! Directories and files on the server: working directory, creation, removal, rename.

use oxftp_proto::{
    Code, Command, RemotePath, Reply,
    dialog::{Exchange, Rename},
};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Returns the working directory (`PWD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let home = client.current_dir().await?;
    /// println!("{home}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses; [`Error::UnusableReply`] if the reply contains no path.
    pub async fn current_dir(&mut self) -> Result<RemotePath> {
        self.go_home().await?;
        let reply = self.exchange(Command::new("PWD"), &["2xx"]).await?;
        reply.directory(self.config.encoding).ok_or(Error::UnusableReply { command: "PWD", reply })
    }

    /// Changes the working directory (`CWD`; RFC 959, 4.1.1). The path `..` is the
    /// [parent](Self::change_to_parent_dir).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.change_dir("/pub").await?;
    /// client.download("readme.txt").await?;              // relative to /pub
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path.
    pub async fn change_dir(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        if path.as_bytes() == b".." {
            return self.change_to_parent_dir().await;
        }
        self.state.dirty = true;
        self.path_command("CWD", &path, &["2xx"]).await?;
        self.state.entered(path);
        Ok(())
    }

    /// Changes the working directory to its parent (`CDUP`; RFC 959, 4.1.1).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.change_dir("pub/new").await?;
    /// client.change_to_parent_dir().await?;                  // now in pub
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses.
    pub async fn change_to_parent_dir(&mut self) -> Result<()> {
        self.state.dirty = true;
        self.go_home().await?;
        self.exchange(Command::new("CDUP"), &["2xx"]).await?;
        self.state.entered("..".into());
        Ok(())
    }

    /// Creates a directory and its missing parents (`MKD`; RFC 959, 4.1.3). Succeeds if the directory
    /// exists already.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.create_dir_all("reports/2024/05").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the directory or one of its parents cannot be created.
    pub async fn create_dir_all(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        // Missing directories, the deepest first.
        let mut missing = vec![path];
        while let Some(next) = missing.last().cloned() {
            let error = match self.ensure_dir(&next).await {
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
                // Another session may have created the parent after the refusal.
                self.ensure_dir(&next).await?;
                missing.pop();
            } else {
                missing.push(parent);
            }
        }
        Ok(())
    }

    /// Creates a directory in an existing parent (`MKD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.create_dir("reports").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the directory cannot be created, or exists already. Few servers say which
    /// of the two.
    pub async fn create_dir(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        match self.path_command("MKD", &path, &["2xx"]).await {
            Err(error)
                if self.state.repeated
                    && refuses_path(&error)
                    && self.is_directory_by_entering(&path).await? =>
            {
                Ok(())
            }
            made => made.map(drop),
        }
    }

    /// Creates a directory in an existing parent (`MKD`). Succeeds if the directory exists already.
    ///
    /// Servers report an existing directory in several ways (`521`, `550`, even `250`), so the client
    /// checks for it after a refusal.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.create_dir_if_missing("reports").await?;
    /// client.create_dir_if_missing("reports").await?;   // exists already: no error
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the directory cannot be created.
    pub async fn create_dir_if_missing(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        self.ensure_dir(&path.into()).await
    }

    async fn ensure_dir(&mut self, path: &RemotePath) -> Result<()> {
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
    /// client.remove_dir("reports/2024").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if it does not exist, is not empty, or may not be removed; [`Error::NothingToRemove`] for
    /// the root and the working directory.
    pub async fn remove_dir(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        check_removable(&path)?;
        self.remove("RMD", &path).await
    }

    /// Removes a file (`DELE`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.remove_file("old.txt").await {
    ///     Err(error) if error.is_not_found() => println!("already removed"),
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if it does not exist or may not be removed; [`Error::NothingToRemove`] for a path that
    /// names no entry, such as the empty one.
    pub async fn remove_file(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        check_removable(&path)?;
        self.remove("DELE", &path).await
    }

    /// Removes a path. It may have been removed before the session was lost, if the command was repeated.
    async fn remove(&mut self, verb: &'static str, path: &RemotePath) -> Result<()> {
        match self.path_command(verb, path, &["2xx"]).await {
            Err(error)
                if self.state.repeated
                    && refuses_path(&error)
                    && (error.is_not_found() || !self.try_exists(path).await?) =>
            {
                Ok(())
            }
            removed => removed.map(drop),
        }
    }

    /// Renames `from` to `to` (`RNFR`, `RNTO`; RFC 959, 4.1.3).
    ///
    /// Many servers overwrite an existing `to` silently.
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
    /// [`Error::StatusCode`] if the server refuses one of the paths. The reply shows which.
    pub async fn rename(&mut self, from: impl Into<RemotePath>, to: impl Into<RemotePath>) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let mut attempts = self.reconnects();
        let mut repeated = false;
        loop {
            let dialog = Rename::new(&from, &to, self.config.encoding)?;
            self.go_home().await?;
            self.state.pending_rename = Some(from.clone());
            let renamed = self.control.run(dialog).await;
            self.state.pending_rename = None;
            match renamed {
                Err(error) if self.recover(&error, &mut attempts).await => repeated = true,
                // It was renamed before the session was lost.
                Err(error) if repeated && refuses_path(&error) && self.try_exists(&to).await? => {
                    return match self.try_exists(&from).await? {
                        true => Err(error),
                        false => Ok(()),
                    };
                }
                renamed => return renamed.map(drop),
            }
        }
    }

    /// Ends a rename whose future was dropped between its commands. ProFTPD refuses all other commands
    /// until then.
    async fn end_renaming(&mut self) -> Result<()> {
        let Some(from) = &self.state.pending_rename else { return Ok(()) };
        // Renaming to the same name changes nothing. A server without a pending rename refuses the command.
        let command = Command::with_path("RNTO", from, self.config.encoding)?;
        self.control.run(Exchange::new(command, &["2xx", "4xx", "5xx"])).await?;
        self.state.pending_rename = None;
        Ok(())
    }

    /// Sends a command with a path, and returns its reply if it matches one of `expected`.
    pub(crate) async fn path_command(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        expected: &[&str],
    ) -> Result<Reply> {
        let command = Command::with_path(verb, path, self.config.encoding)?;
        self.go_home().await?;
        self.exchange(command, expected).await
    }

    /// Returns whether a directory can be entered, and changes back. Works on every server.
    pub(crate) async fn is_directory_by_entering(&mut self, path: &RemotePath) -> Result<bool> {
        let entered = self.visit(path).await?;
        self.go_home().await?;
        Ok(entered)
    }

    /// Changes to a directory temporarily, and returns whether that succeeded.
    ///
    /// [`go_home`](Self::go_home) changes back. If this future is dropped, the next operation changes back.
    pub(crate) async fn visit(&mut self, path: &RemotePath) -> Result<bool> {
        let home = self.current_dir().await?;
        let command = Command::with_path("CWD", path, self.config.encoding)?;
        self.state.home = Some(home.clone());
        match self.exchange(command, &["2xx"]).await {
            Ok(_) => {
                // The session may have been opened again meanwhile.
                self.state.home = Some(home);
                Ok(true)
            }
            Err(error) if refuses_path(&error) => {
                self.state.home = None;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Changes back to the caller's working directory, if a query has left it, and ends a pending rename.
    pub(crate) async fn go_home(&mut self) -> Result<()> {
        self.end_renaming().await?;
        let Some(home) = &self.state.home else { return Ok(()) };
        let command = Command::with_path("CWD", home, self.config.encoding)?;
        self.exchange(command, &["2xx"]).await?;
        self.state.home = None;
        Ok(())
    }

    async fn is_there(&mut self, directory: &RemotePath) -> Result<bool> {
        self.is_directory_by_entering(directory).await
    }
}

/// Fails if a removal names the root, the working directory or one above it.
pub(crate) fn check_removable(path: &RemotePath) -> Result<()> {
    if path.names_entry() { Ok(()) } else { Err(Error::NothingToRemove { path: path.to_string() }) }
}

/// Returns whether an error is about the path, and not about the session.
fn refuses_path(error: &Error) -> bool {
    matches!(error, Error::StatusCode(error)
        if matches!(error.info.code().class(), 4 | 5)
            && !matches!(error.info.code(), Code::SERVICE_CLOSING | Code::NOT_LOGGED_IN))
}
