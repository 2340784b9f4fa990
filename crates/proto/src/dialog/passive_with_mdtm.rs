//! Asking for a file's time while the data connection is opened.

use super::{Dialog, DialogError, Event, Passive, PassiveMode, Step};
use crate::{Command, Reply, Timestamp};

/// Opens a data connection in passive mode, and asks when the file was modified (`MDTM`; RFC 3659, 3) while that
/// is on its way, so that it costs no round trip.
///
/// The answer is read before the transfer starts: a server that does several things at once may else answer
/// in another order.
#[derive(Debug)]
pub struct PassiveWithMdtm {
    passive: Passive,
    question: Option<Command>,
    /// The step that waits until the question was sent.
    held: Option<Step<PassiveMode>>,
    awaited: Option<Outcome>,
    answer: Option<MdtmReply>,
}

/// What a server says of a file's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MdtmReply {
    /// It was modified then.
    Time(Timestamp),
    /// The server does not tell it of this file.
    NoValue,
    /// The server does not know the command.
    Unknown,
}

/// What became of the data connection while the answer was on its way.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Opened,
    NotOpened,
}

impl MdtmReply {
    /// Reads the reply to `MDTM`.
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

impl PassiveWithMdtm {
    /// Makes the dialog; without a `question` it is that of `passive` alone.
    #[must_use]
    pub fn new(question: Option<Command>, passive: Passive) -> Self {
        Self { passive, question, held: None, awaited: None, answer: None }
    }

    fn pass(&mut self, event: Event) -> Result<Step<Found>, DialogError> {
        let step = self.passive.step(event)?;
        if matches!(step, Step::Open(_))
            && let Some(question) = self.question.take()
        {
            self.held = Some(step);
            return Ok(Step::Queue(question));
        }
        self.translate(step)
    }

    fn translate(&self, step: Step<PassiveMode>) -> Result<Step<Found>, DialogError> {
        Ok(match step {
            Step::Send(command) => Step::Send(command),
            Step::AwaitReply => Step::AwaitReply,
            Step::Open(endpoint) => Step::Open(endpoint),
            Step::Done(mode) => Step::Done((mode, self.answer)),
            _ => return Err(DialogError::OutOfTurn),
        })
    }

    fn await_answer(&mut self, outcome: Outcome) -> Step<Found> {
        self.awaited = Some(outcome);
        Step::AwaitReply
    }
}

/// The mode that worked, and what was answered if that was asked.
type Found = (PassiveMode, Option<MdtmReply>);

impl Dialog for PassiveWithMdtm {
    type Output = Found;

    fn step(&mut self, event: Event) -> Result<Step<Found>, DialogError> {
        let asked = self.held.is_some() && self.answer.is_none();
        match event {
            Event::Queued => match self.held {
                Some(Step::Open(endpoint)) => Ok(Step::Open(endpoint)),
                _ => Err(DialogError::OutOfTurn),
            },
            Event::Opened if asked => Ok(self.await_answer(Outcome::Opened)),
            Event::NotOpened if asked => Ok(self.await_answer(Outcome::NotOpened)),
            Event::Reply(reply) if self.awaited.is_some() => {
                self.answer = Some(MdtmReply::read(&reply));
                match self.awaited.take() {
                    Some(Outcome::Opened) => self.pass(Event::Opened),
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

    fn run(script: &str) -> Result<Found, DialogError> {
        let modes = vec![PassiveMode::Epsv, PassiveMode::Pasv];
        let question = Command::with_argument("MDTM", "x").unwrap();
        replay(PassiveWithMdtm::new(Some(question), Passive::new(modes)), script)
    }

    fn told() -> MdtmReply {
        MdtmReply::Time(Timestamp::parse_mlsx(b"20200102030405").unwrap())
    }

    #[test]
    fn the_question_goes_out_before_the_connection_and_is_answered_behind_it() {
        let script = "> EPSV\n< 229 ok (|||21|)\n+ MDTM x\n= open 21\n< 213 20200102030405";

        assert_eq!(run(script), Ok((PassiveMode::Epsv, Some(told()))));
    }

    #[test]
    fn a_file_without_a_time_is_fetched_all_the_same() {
        for (answer, dating) in [
            ("550 no", MdtmReply::NoValue),
            ("500 what?", MdtmReply::Unknown),
            ("213 yesterday", MdtmReply::NoValue),
            ("250 fine", MdtmReply::NoValue),
        ] {
            let script = format!("> EPSV\n< 229 ok (|||21|)\n+ MDTM x\n= open 21\n< {answer}");
            assert_eq!(run(&script), Ok((PassiveMode::Epsv, Some(dating))), "{answer}");
        }
    }

    #[test]
    fn a_question_is_asked_once_whichever_mode_opens_the_connection() {
        let script = "> EPSV\n< 229 ok (|||21|)\n+ MDTM x\n= fail 21\n< 213 20200102030405\n\
                      > PASV\n< 227 (127,0,0,1,0,22)\n= open 22";

        assert_eq!(run(script), Ok((PassiveMode::Pasv, Some(told()))));
    }

    #[test]
    fn without_a_question_there_is_only_the_connection() {
        let dialog = PassiveWithMdtm::new(None, Passive::new(vec![PassiveMode::Epsv]));

        assert_eq!(replay(dialog, "> EPSV\n< 229 ok (|||21|)\n= open 21"), Ok((PassiveMode::Epsv, None)));
    }
}
