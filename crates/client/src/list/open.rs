//! How the listing of one directory is opened: by which command, and what else is tried where
//! that is refused.

use oxftp_proto::{Command, RemotePath, TransferType, classify, listing::ListingParser};

use super::{ListCommand, directory::Directory, entry::Place, now};
use crate::{Client, Error, Result, client::is_unknown_command};

impl Client {
    /// Opens the listing of a directory by `wanted`, or by whichever command works; `None` when the
    /// server says that it is empty.
    pub(super) async fn open_listing(
        &mut self,
        (path, depth): (&RemotePath, usize),
        wanted: Option<ListCommand>,
    ) -> Result<Option<Directory>> {
        let wanted = wanted.or(self.config().list_command);
        let command = match wanted {
            Some(command) => command,
            None if self.known_mut().no_mlsd => ListCommand::List,
            None => ListCommand::Mlsd,
        };
        match self.open_listing_by(command, path, depth).await {
            Err(error) if wanted.is_none() && command == ListCommand::Mlsd && rejects_mlsd(&error) => {
                self.known_mut().no_mlsd |= is_unknown_command(&error);
                self.open_listing_by(ListCommand::List, path, depth).await
            }
            opened => opened,
        }
    }

    async fn open_listing_by(
        &mut self,
        command: ListCommand,
        path: &RemotePath,
        depth: usize,
    ) -> Result<Option<Directory>> {
        let opened = match command {
            ListCommand::Stat => self.list_by_reply(path, depth).await,
            _ => self.list_by_transfer(command, path, depth).await,
        };
        match opened {
            Err(error) if error.reply().is_some_and(classify::is_empty_listing) => Ok(None),
            // Some servers take what follows a blank for another name.
            Err(Error::StatusCode(refused))
                if command == ListCommand::List && path.as_bytes().contains(&b' ') =>
            {
                match self.list_from_within(path, depth).await? {
                    Some(directory) => Ok(Some(directory)),
                    None => Err(Error::StatusCode(refused)),
                }
            }
            opened => opened.map(Some),
        }
    }

    async fn list_by_transfer(
        &mut self,
        command: ListCommand,
        path: &RemotePath,
        depth: usize,
    ) -> Result<Directory> {
        let line = self.list_line(command, path)?;
        let data = self.open_data(line, TransferType::Image, 0).await?;
        let parser = match command {
            ListCommand::Mlsd => ListingParser::mlsx(),
            _ => self.list_parser(),
        };
        Ok(Directory::new(data, command, (self.place(path), depth), parser, self.limits()))
    }

    /// Lists by `STAT`, whose reply is the listing (RFC 959, 4.1.3).
    async fn list_by_reply(&mut self, path: &RemotePath, depth: usize) -> Result<Directory> {
        let here = RemotePath::from(".");
        // Without a path it would tell of the session.
        let path_or_here = if path.is_empty() { &here } else { path };
        let reply = self.path_command("STAT", path_or_here, &["2xx"]).await?;
        Ok(Directory::of_reply(&reply, self.place(path), depth, self.list_parser(), self.limits()))
    }

    /// Enters a directory and lists it from within; `None` when it cannot be entered.
    pub(super) async fn list_from_within(
        &mut self,
        path: &RemotePath,
        depth: usize,
    ) -> Result<Option<Directory>> {
        if !self.visit(path).await? {
            return Ok(None);
        }
        let line = self.list_line(ListCommand::List, &RemotePath::default())?;
        let data = self.open_data_here(line, TransferType::Image, 0).await?;
        let place = (self.place(path), depth);
        let mut listed = Directory::new(data, ListCommand::List, place, self.list_parser(), self.limits());
        listed.from_within = true;
        Ok(Some(listed))
    }

    fn place(&self, path: &RemotePath) -> Place {
        Place { path: path.clone(), encoding: self.encoding() }
    }

    /// Makes a parser that knows what the server has said of itself.
    fn list_parser(&self) -> ListingParser {
        let now = self.server_zone().map_or_else(now, |zone| zone.wall_clock(now()));
        let parser = ListingParser::list(now).limits(self.limits());
        let parser = self.self_descriptions().fold(parser, |parser, text| parser.hint(&text));
        match &self.config().list_parser {
            Some((custom, order)) => parser.custom(custom.clone(), *order),
            None => parser,
        }
    }

    fn list_line(&self, command: ListCommand, path: &RemotePath) -> Result<Command> {
        let encoding = self.encoding();
        let path_or_below = match command {
            // What begins with a dash would be taken for options.
            ListCommand::List if path.as_bytes().starts_with(b"-") && !self.hides_dot_files() => {
                &RemotePath::from(".").join_path(path)
            }
            _ => path,
        };
        let verb = match command {
            ListCommand::Mlsd => "MLSD",
            ListCommand::List if self.hides_dot_files() => "LIST -a",
            _ => "LIST",
        };
        Ok(Command::with_path(verb, path_or_below, encoding)?)
    }
}

/// Returns whether `LIST` may work where `MLSD` was refused.
fn rejects_mlsd(error: &Error) -> bool {
    error.reply().is_some_and(classify::rejects_mlsd)
}
