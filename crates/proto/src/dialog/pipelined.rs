//! The end of a transfer, with the next one's passive command sent already.

use super::{Dialog, DialogError, Endpoint, Event, PassiveMode, SUCCESS, Step};
use crate::{Code, Reply, StatusCodeError};

/// Waits for the final reply to a transfer while the reply to `EPSV` or `PASV` is owed as well, and tells
/// them apart.
///
/// Most servers answer in order. One that answers the passive command first is known by `229` or `227`; of
/// two replies that refuse, or one that refuses and one that does not, the order tells which is whose,
/// for none answers a transfer twice.
#[derive(Debug)]
pub struct PipelinedCompletion {
    mode: PassiveMode,
    /// The passive command's reply, where it came first.
    answered: Option<Answer>,
    /// A refusal that may be meant for either.
    refusal: Option<Reply>,
}

/// How a transfer ended, and what is known of the passive command behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    /// The final reply to the transfer, or how it was refused.
    pub transfer: Result<Reply, StatusCodeError>,
    /// What the passive command was answered.
    pub passive: Answer,
}

/// What a command that was sent ahead of time was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Owed,
    /// The server listens there.
    Listening(Endpoint),
    /// It was refused.
    Refused,
}

impl PipelinedCompletion {
    /// Makes the dialog; `mode` was sent behind the end of the data.
    #[must_use]
    pub fn new(mode: PassiveMode) -> Self {
        Self { mode, answered: None, refusal: None }
    }

    fn take(&mut self, reply: Reply) -> Step<Completed> {
        let code = reply.code();
        if code.is_preliminary() {
            return Step::AwaitReply;
        }
        if self.mode.is_answer(code) && self.answered.is_none() {
            return self.take_answer(reply);
        }
        match (self.answered, self.refusal.take()) {
            (Some(answer), _) => completed(reply, answer),
            // What was refused first was the passive command, unless this is a refusal, too.
            (None, Some(first)) if !reply.matches(SUCCESS) => completed(first, Answer::Refused),
            (None, Some(_)) => completed(reply, Answer::Refused),
            (None, None) if reply.matches(SUCCESS) || code == Code::SERVICE_CLOSING => {
                completed(reply, Answer::Owed)
            }
            (None, None) => {
                self.refusal = Some(reply);
                Step::AwaitReply
            }
        }
    }

    fn take_answer(&mut self, reply: Reply) -> Step<Completed> {
        let answer = self.mode.read(reply).map_or(Answer::Refused, Answer::Listening);
        match self.refusal.take() {
            Some(refusal) => completed(refusal, answer),
            None => {
                self.answered = Some(answer);
                Step::AwaitReply
            }
        }
    }
}

fn completed(reply: Reply, passive: Answer) -> Step<Completed> {
    Step::Done(Completed { transfer: reply.expect(SUCCESS), passive })
}

impl Dialog for PipelinedCompletion {
    type Output = Completed;

    fn step(&mut self, event: Event) -> Result<Step<Completed>, DialogError> {
        match event {
            Event::Start => Ok(Step::AwaitReply),
            Event::Reply(reply) => Ok(self.take(reply)),
            _ => Err(DialogError::OutOfTurn),
        }
    }

    fn wants_preliminary(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    /// Gives the code of the transfer's reply, whether it is a refusal, and the passive command's answer.
    fn run(script: &str) -> (u16, bool, Answer) {
        let completed = replay(PipelinedCompletion::new(PassiveMode::Epsv), script).unwrap();
        match completed.transfer {
            Ok(reply) => (reply.code().get(), false, completed.passive),
            Err(error) => (error.info.code().get(), true, completed.passive),
        }
    }

    fn listening(port: u16) -> Answer {
        Answer::Listening(Endpoint { port, advertised: None })
    }

    #[test]
    fn replies_in_order_leave_the_second_to_the_next_transfer() {
        assert_eq!(run("< 226 done"), (226, false, Answer::Owed));
        assert_eq!(run("< 150 late\n< 250 done"), (250, false, Answer::Owed));
    }

    #[test]
    fn an_answer_that_overtakes_the_transfer_is_kept() {
        assert_eq!(run("< 229 ok (|||21|)\n< 226 done"), (226, false, listening(21)));
        assert_eq!(run("< 229 ok (|||21|)\n< 426 cut"), (426, true, listening(21)));
    }

    #[test]
    fn a_transfer_that_failed_is_told_from_a_command_that_came_too_early() {
        assert_eq!(run("< 451 disk full\n< 229 ok (|||21|)"), (451, true, listening(21)));
        assert_eq!(run("< 450 transfer in progress\n< 226 done"), (226, false, Answer::Refused));
        assert_eq!(run("< 451 disk full\n< 500 what?"), (451, true, Answer::Refused));
    }

    #[test]
    fn a_server_that_closes_answers_nothing_else() {
        assert_eq!(run("< 421 bye"), (421, true, Answer::Owed));
    }

    #[test]
    fn an_answer_that_names_no_port_is_none() {
        assert_eq!(run("< 229 nowhere\n< 226 done"), (226, false, Answer::Refused));
        assert_eq!(run("< 426 cut\n< 229 nowhere"), (426, true, Answer::Refused));
    }
}
