//! End of a download whose data connection was closed early.

use super::{Dialog, DialogError, Event, PassiveMode, PassiveReply, Step};
use crate::Code;

/// Waits for the reply to `EPSV` or `PASV`, which was sent after the data connection of a download was closed early, and
/// skips the replies to the download and to `ABOR`, if it was sent.
///
/// For servers that reply in order: the answer to the passive command is the last reply, even if the download got none, or
/// a second preliminary reply.
#[derive(Debug)]
pub struct ClosedDownload {
    mode: PassiveMode,
    /// Number of commands whose final replies are outstanding.
    outstanding: usize,
}

impl ClosedDownload {
    /// Creates the dialog; `earlier` is the number of commands before `mode` whose final replies are outstanding.
    #[must_use]
    pub fn new(mode: PassiveMode, earlier: usize) -> Self {
        Self { mode, outstanding: earlier + 1 }
    }
}

impl Dialog for ClosedDownload {
    type Output = PassiveReply;

    fn step(&mut self, event: Event) -> Result<Step<PassiveReply>, DialogError> {
        let reply = match event {
            Event::Start => return Ok(Step::AwaitReply),
            Event::Reply(reply) => reply,
            _ => return Err(DialogError::OutOfTurn),
        };
        match reply.code() {
            Code::SERVICE_CLOSING => return Err(reply.unexpected(&["2xx"]).into()),
            code if self.mode.is_answer(code) => {
                let address = self.mode.read(reply);
                return Ok(Step::Synchronised(
                    address.map_or(PassiveReply::Refused, PassiveReply::Listening),
                ));
            }
            _ => self.outstanding -= 1,
        }
        match self.outstanding {
            0 => Ok(Step::Synchronised(PassiveReply::Refused)),
            _ => Ok(Step::AwaitReply),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::{PassiveAddress, replay::replay};

    #[test]
    fn passive_reply_ends_a_closed_download() {
        let listening = PassiveReply::Listening(PassiveAddress { port: 21, advertised: None });
        for (earlier, script, passive) in [
            (1, "< 426 cut\n< 229 ok (|||21|)", listening),
            (1, "< 226 done\n< 229 ok (|||21|)", listening),
            // pyftpdlib
            (1, "< 229 ok (|||21|)", listening),
            // Pure-FTPd
            (1, "< 500 what?\n< 500 cut", PassiveReply::Refused),
            (1, "< 426 cut\n< 425 no port", PassiveReply::Refused),
            (1, "< 426 cut\n< 229 nowhere", PassiveReply::Refused),
            // With `ABOR`.
            (2, "< 426 cut\n< 226 aborted\n< 229 ok (|||21|)", listening),
            (2, "< 426 for both\n< 229 ok (|||21|)", listening),
            (2, "< 226 done\n< 225 nothing\n< 450 busy", PassiveReply::Refused),
            (0, "< 229 ok (|||21|)", listening),
        ] {
            assert_eq!(
                replay(ClosedDownload::new(PassiveMode::Epsv, earlier), script),
                Ok(passive),
                "{script}"
            );
        }
        assert!(replay(ClosedDownload::new(PassiveMode::Epsv, 1), "< 421 bye").is_err());
    }
}
