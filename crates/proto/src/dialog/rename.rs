//! Rename: `RNFR` and `RNTO`.

use super::{Dialog, DialogError, Event, SUCCESS, Step};
use crate::{Code, Command, Encoding, InvalidCommand, RemotePath, Reply};

/// Renames: `RNFR`, then `RNTO` after `350` (RFC 959, 4.1.3).
#[derive(Debug)]
pub struct Rename {
    from: Option<Command>,
    to: Option<Command>,
}

impl Rename {
    /// Creates the dialog.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when a path cannot be sent.
    pub fn new(from: &RemotePath, to: &RemotePath, encoding: Encoding) -> Result<Self, InvalidCommand> {
        let from = Command::with_path("RNFR", from, encoding)?;
        let to = Command::with_path("RNTO", to, encoding)?;
        Ok(Self { from: Some(from), to: Some(to) })
    }
}

impl Dialog for Rename {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        match event {
            Event::Start => Ok(Step::Send(self.from.take().ok_or(DialogError::OutOfTurn)?)),
            Event::Reply(reply) => match self.to.take() {
                Some(to) if reply.code() == Code::PENDING => Ok(Step::Send(to)),
                Some(_) => Err(reply.unexpected(&["350"]).into()),
                None => Ok(Step::Done(reply.expect(SUCCESS)?)),
            },
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    fn rename() -> Rename {
        Rename::new(&"a".into(), &"b".into(), Encoding::UTF_8).unwrap()
    }

    #[test]
    fn rnto_is_sent_only_after_350() {
        replay(rename(), "> RNFR a\n< 350 go\n> RNTO b\n< 250 done").unwrap();
        assert!(replay(rename(), "> RNFR a\n< 550 not there").is_err());
        assert!(replay(rename(), "> RNFR a\n< 250 odd").is_err());
    }
}
