//! What follows an upload: its size is asked for and its time set, in one go where the server takes that.

use oxftp_proto::{Command, RemotePath, Reply, Timestamp};

use super::{Client, stat::parse_size, times::TimeSetting};
use crate::{Result, data::Direction};

/// What a server said of a file behind an upload.
#[derive(Debug)]
pub(crate) struct SizeAndTime {
    /// `None` where it does not tell.
    pub(crate) size: Option<u64>,
    /// Whether the time was set; `None` where that was not tried yet.
    pub(crate) dated: Option<Result<()>>,
}

impl Client {
    /// Tells whether it is worth asking for a size.
    pub(crate) fn may_tell_sizes(&self) -> bool {
        !self.known.no_size && self.known.features.as_ref().is_none_or(|features| features.contains("SIZE"))
    }

    /// Asks for the size of a file, and sets its time, too, where the command for that is known and both may be sent
    /// at once.
    pub(crate) async fn size_and_time(
        &mut self,
        path: &RemotePath,
        time: Option<Timestamp>,
    ) -> Result<SizeAndTime> {
        // There is no transfer under way, so what is true behind a download is true here.
        let at_once = || self.config.pipelining.allows(Direction::Down, self.server_kind());
        match (time, self.known.time_setting) {
            (Some(_), TimeSetting::By(_)) if at_once() => {
                let commands = self.questions_behind(path, time)?;
                self.go_home().await?;
                let replies = self.control.pipeline(&commands).await?;
                Ok(self.read_size_and_time(replies))
            }
            _ => Ok(SizeAndTime { size: self.size_if_told(path).await?, dated: None }),
        }
    }

    /// Gives the commands that ask for the size of a file and, where the command for that is known, set its time.
    pub(crate) fn questions_behind(
        &self,
        path: &RemotePath,
        time: Option<Timestamp>,
    ) -> Result<Vec<Command>> {
        let encoding = self.config.encoding;
        let mut commands = vec![Command::with_path("SIZE", path, encoding)?];
        if let (Some(time), TimeSetting::By(command)) = (time, self.known.time_setting) {
            let time = time.to_utc(0).unwrap_or(time);
            commands.push(command.spell(path, &time, encoding)?);
        }
        Ok(commands)
    }

    /// Reads the replies to [those](Self::questions_behind).
    pub(crate) fn read_size_and_time(&mut self, replies: Vec<Reply>) -> SizeAndTime {
        let mut replies = replies.into_iter();
        let size = replies.next().and_then(|reply| {
            self.known.no_size |= reply.code().is_unsupported();
            parse_size(&reply).filter(|_| reply.code().class() == 2)
        });
        let dated = replies.next().map(|reply| reply.expect(&["2xx"]).map(drop).map_err(Into::into));
        SizeAndTime { size, dated }
    }
}
