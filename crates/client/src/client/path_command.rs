//! Commands with a path: they are sent again with another spelling of it where a server wants that.

use oxftp_proto::{
    Command, RemotePath, Reply,
    classify::{self, Presence},
};

use super::{
    Client,
    navigation::{Spelling, refuses_path},
};
use crate::{Error, Result, capabilities::PathUse, future::BoxFuture};

impl Client {
    /// Sends a command with a path, and returns its reply if it matches one of `expected`.
    pub(crate) async fn path_command(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        expected: &[&str],
    ) -> Result<Reply> {
        let usage = PathUse::of(verb);
        let is_removal = matches!(verb, "DELE" | "RMD");
        let from_root = is_removal && self.capabilities.needs_root(usage);
        let spelling = if from_root { Spelling::Absolute } else { Spelling::Usual };
        let sent = self.send_path(verb, path, expected, spelling).await;
        if let Err(error) = &sent
            && is_removal
            && self.may_try_missing_from_root(path, error)
        {
            // Whether the path may have to begin at the root depends on the working directory. It may also show that the
            // server takes no paths.
            let was_whole = !self.uses_bare_names();
            self.known_working_dir().await?;
            if was_whole && self.uses_bare_names() {
                return self.send_path(verb, path, expected, Spelling::Usual).await;
            }
        }
        let sent = match sent {
            Err(error) if matches!(verb, "CWD" | "DELE" | "RMD") && self.may_be_from_root(path, &error) => {
                match self.send_from_root(verb, path, expected).await? {
                    Some(reply) => return Ok(reply),
                    None => Err(error),
                }
            }
            sent => sent,
        };
        match sent {
            Ok(reply) => {
                // `CWD` and listings may take other paths than commands about files.
                if !matches!(verb, "CWD" | "STAT") {
                    self.note_path_works(usage, path);
                }
                if is_removal {
                    self.note_relative_use(usage, path);
                }
                Ok(reply)
            }
            Err(error) if is_removal => self.remove_by_other_path(verb, path, expected, error).await,
            Err(error) => Err(error),
        }
    }

    /// Sends a removal that was refused with a bare name, or with its path from the root, if that is worth an attempt.
    async fn remove_by_other_path(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        expected: &[&str],
        refused: Error,
    ) -> Result<Reply> {
        let usage = PathUse::of(verb);
        if self.may_try_bare_name(usage, path, &refused) {
            self.capabilities.settle_paths(usage);
            match self.send_path(verb, path, expected, Spelling::Bare).await {
                Ok(reply) => {
                    self.capabilities.bare_names = true;
                    return Ok(reply);
                }
                Err(bare) if refuses_path(&bare) => {}
                Err(bare) => return Err(bare),
            }
        }
        if self.may_be_removed_from_root(path, &refused) && self.may_need_root(usage, path, &refused) {
            let sent = self.send_path(verb, path, expected, Spelling::Absolute).await;
            self.note_use_from_root(usage, sent.is_ok());
            match sent {
                Err(again) if refuses_path(&again) => {}
                sent => return sent,
            }
        }
        Err(refused)
    }

    /// Returns whether a removal may have been refused because its path does not begin at the root: the file is said to be
    /// missing, and the working directory is below the root. Most such files do not exist.
    fn may_be_removed_from_root(&self, path: &RemotePath, refused: &Error) -> bool {
        let is_modern = self.listing_capabilities().mlsd.works || self.capabilities.mlst_works;
        refused.reply().is_some_and(|reply| classify::presence(reply) == Presence::Missing)
            && !is_modern
            && self.is_below_root(path)
    }

    pub(super) async fn send_path(
        &mut self,
        verb: &'static str,
        path: &RemotePath,
        expected: &[&str],
        spelling: Spelling,
    ) -> Result<Reply> {
        let argument = self.reach(path, spelling).await?;
        let mut refused = None;
        for argument in self.arguments(verb, argument) {
            let command = Command::with_path(verb, &argument, self.config.encoding)?;
            match self.exchange(command, expected).await {
                Err(error) if refuses_path(&error) => refused = refused.or(Some(error)),
                replied => return replied,
            }
        }
        Err(refused.unwrap_or(Error::Unsupported { what: "command without an argument" }))
    }

    /// Returns the arguments to try one after the other. Where files have versions, a file is deleted with all of them.
    fn arguments(&self, verb: &str, argument: RemotePath) -> Vec<RemotePath> {
        let style = self.path_style();
        match verb {
            "MKD" | "RMD" if self.capabilities.final_slash == Some(true) => {
                let mut arguments = style.directory_arguments(&argument);
                arguments.extend(self.with_final_slash(&argument));
                arguments
            }
            "MKD" | "RMD" => style.directory_arguments(&argument),
            "DELE" => style.file_arguments(&argument),
            _ => vec![argument],
        }
    }

    /// Sends a command with its path from the root after its relative path was refused; `None` if that is refused, too.
    pub(super) fn send_from_root<'a>(
        &'a mut self,
        verb: &'static str,
        path: &'a RemotePath,
        expected: &'a [&str],
    ) -> BoxFuture<'a, Result<Option<Reply>>> {
        Box::pin(async move {
            let spelling = if self.learns_bare_names().await? { Spelling::Usual } else { Spelling::Absolute };
            let sent = self.send_path(verb, path, expected, spelling).await;
            if spelling == Spelling::Absolute {
                self.note_from_root(&sent);
            }
            match sent {
                Err(again) if refuses_path(&again) => Ok(None),
                sent => sent.map(Some),
            }
        })
    }
}
