//! Passive mode with a query sent while the data connection is opened.

use super::{Dialog, DialogError, Event, Passive, PassiveMode, Step};
use crate::{Command, Reply, Timestamp};

/// Opens a data connection in passive mode, and sends a command in the meantime, so that it costs no round trip: `MDTM`
/// for the file, or `REST` for the transfer (RFC 3659, 3 and 5).
///
/// The reply is read before the transfer starts. A server that processes several commands at once might send
/// it in another order later.
#[derive(Debug)]
pub struct PassiveWithQuery {
    passive: Passive,
    query: Option<Command>,
    /// The step that waits until the query was sent.
    held: Option<Step<PassiveMode>>,
    connection: Option<DataConnection>,
    reply: Option<Reply>,
}

/// Reply to `MDTM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MdtmReply {
    /// The modification time.
    Time(Timestamp),
    /// The server has no time for this file.
    NoValue,
    /// The server does not know the command.
    Unknown,
}

/// The result of opening the data connection while the reply was outstanding.
#[derive(Debug, Clone, Copy)]
enum DataConnection {
    Opened,
    NotOpened,
}

impl MdtmReply {
    /// Parses the reply to `MDTM`.
    #[must_use]
    pub fn read(reply: &Reply) -> Self {
        match reply.code() {
            code if code.is_unsupported() => Self::Unknown,
            code if code.is_success() => {
                Timestamp::parse_mlsx(reply.last_line().trim_ascii()).map_or(Self::NoValue, Self::Time)
            }
            _ => Self::NoValue,
        }
    }
}

impl PassiveWithQuery {
    /// Creates the dialog; without a `query` it is the same as `passive`.
    #[must_use]
    pub fn new(query: Option<Command>, passive: Passive) -> Self {
        Self { passive, query, held: None, connection: None, reply: None }
    }

    fn pass(&mut self, event: Event) -> Result<Step<ModeAndReply>, DialogError> {
        let step = self.passive.step(event)?;
        if matches!(step, Step::Open(_))
            && let Some(query) = self.query.take()
        {
            self.held = Some(step);
            return Ok(Step::Queue(query));
        }
        self.translate(step)
    }

    fn translate(&mut self, step: Step<PassiveMode>) -> Result<Step<ModeAndReply>, DialogError> {
        Ok(match step {
            Step::Send(command) => Step::Send(command),
            Step::AwaitReply => Step::AwaitReply,
            Step::Open(address) => Step::Open(address),
            Step::Done(mode) => Step::Done((mode, self.reply.take())),
            _ => return Err(DialogError::OutOfTurn),
        })
    }

    fn await_answer(&mut self, connection: DataConnection) -> Step<ModeAndReply> {
        self.connection = Some(connection);
        Step::AwaitReply
    }
}

/// The mode that worked, and the reply to the query if it was sent.
type ModeAndReply = (PassiveMode, Option<Reply>);

impl Dialog for PassiveWithQuery {
    type Output = ModeAndReply;

    fn step(&mut self, event: Event) -> Result<Step<ModeAndReply>, DialogError> {
        let is_outstanding = self.held.is_some() && self.reply.is_none();
        match event {
            Event::Queued => match self.held {
                Some(Step::Open(address)) => Ok(Step::Open(address)),
                _ => Err(DialogError::OutOfTurn),
            },
            Event::Opened if is_outstanding => Ok(self.await_answer(DataConnection::Opened)),
            Event::NotOpened if is_outstanding => Ok(self.await_answer(DataConnection::NotOpened)),
            Event::Reply(reply) if self.connection.is_some() => {
                self.reply = Some(reply);
                match self.connection.take() {
                    Some(DataConnection::Opened) => self.pass(Event::Opened),
                    _ => self.pass(Event::NotOpened),
                }
            }
            event => self.pass(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    fn run(script: &str) -> Result<(PassiveMode, Option<MdtmReply>), DialogError> {
        let modes = vec![PassiveMode::Epsv, PassiveMode::Pasv];
        let mdtm = Command::with_argument("MDTM", "x").unwrap();
        let (mode, reply) = replay(PassiveWithQuery::new(Some(mdtm), Passive::new(modes)), script)?;
        Ok((mode, reply.as_ref().map(MdtmReply::read)))
    }

    fn time() -> MdtmReply {
        MdtmReply::Time(Timestamp::parse_mlsx(b"20200102030405").unwrap())
    }

    #[test]
    fn mdtm_is_sent_before_the_data_connection() {
        let script = "> EPSV\n< 229 ok (|||21|)\n+ MDTM x\n= open 21\n< 213 20200102030405";

        assert_eq!(run(script), Ok((PassiveMode::Epsv, Some(time()))));
    }

    #[test]
    fn passive_mode_succeeds_without_mdtm_value() {
        for (reply, dating) in [
            ("550 no", MdtmReply::NoValue),
            ("500 what?", MdtmReply::Unknown),
            ("213 yesterday", MdtmReply::NoValue),
            ("250 fine", MdtmReply::NoValue),
        ] {
            let script = format!("> EPSV\n< 229 ok (|||21|)\n+ MDTM x\n= open 21\n< {reply}");
            assert_eq!(run(&script), Ok((PassiveMode::Epsv, Some(dating))), "{reply}");
        }
    }

    #[test]
    fn mdtm_is_sent_once_despite_passive_fallback() {
        let script = "> EPSV\n< 229 ok (|||21|)\n+ MDTM x\n= fail 21\n< 213 20200102030405\n\
                      > PASV\n< 227 (127,0,0,1,0,22)\n= open 22";

        assert_eq!(run(script), Ok((PassiveMode::Pasv, Some(time()))));
    }

    #[test]
    fn passive_mode_works_without_mdtm() {
        let dialog = PassiveWithQuery::new(None, Passive::new(vec![PassiveMode::Epsv]));

        assert_eq!(replay(dialog, "> EPSV\n< 229 ok (|||21|)\n= open 21"), Ok((PassiveMode::Epsv, None)));
    }
}
