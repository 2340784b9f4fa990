//! Rename: `RNFR` and `RNTO`.

use super::{Dialog, DialogError, Event, SUCCESS, Step};
use crate::{Code, Command, Encoding, InvalidCommand, RemotePath, Reply};

/// Renames: `RNFR`, then `RNTO` after `350` (RFC 959, 4.1.3).
///
/// Some servers reply to `RNFR` with `250` or `200`. `RNTO` follows then, too: its reply decides, and nothing was
/// renamed before it. `202` (not implemented) and `221` are refusals.
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
                Some(to) if is_accepted(reply.code()) => Ok(Step::Send(to)),
                Some(_) => Err(reply.unexpected(&["350"]).into()),
                None => Ok(Step::Done(reply.expect(SUCCESS)?)),
            },
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

fn is_accepted(code: Code) -> bool {
    code == Code::PENDING || code.is_success() && !matches!(code, Code::SUPERFLUOUS | Code::CLOSING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    fn rename() -> Rename {
        Rename::new(&"a".into(), &"b".into(), Encoding::UTF_8).unwrap()
    }

    #[test]
    fn rnto_is_sent_after_350_or_success() {
        for reply in ["350 go", "250 File exists, ready for destination name", "200 ok"] {
            replay(rename(), &format!("> RNFR a\n< {reply}\n> RNTO b\n< 250 done")).unwrap();
        }
    }

    #[test]
    fn refused_rnfr_sends_no_rnto() {
        for refusal in
            ["550 not there", "450 busy", "502 no", "202 Command not implemented", "221 bye", "331 no"]
        {
            assert!(replay(rename(), &format!("> RNFR a\n< {refusal}")).is_err(), "{refusal}");
        }
        assert!(replay(rename(), "> RNFR a\n< 250 go\n> RNTO b\n< 550 no").is_err());
    }
}
