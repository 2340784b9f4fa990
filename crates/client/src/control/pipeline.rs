//! Several commands in one go.

use oxftp_proto::{Command, Reply};

use super::ControlChannel;
use crate::Result;

impl ControlChannel {
    /// Sends all commands before the first reply is awaited, and gives a final reply for each.
    pub(crate) async fn pipeline(&mut self, commands: &[Command]) -> Result<Vec<Reply>> {
        self.settle().await?;
        commands.iter().for_each(|command| self.queue(command));
        let mut replies = Vec::with_capacity(commands.len());
        while replies.len() < commands.len() {
            let reply = self.next_reply(self.deadline).await?;
            if !reply.code().is_preliminary() {
                replies.push(reply);
            }
        }
        Ok(replies)
    }
}
