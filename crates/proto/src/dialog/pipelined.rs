//! The end of a transfer, with the next one's passive command sent already.

use super::{Dialog, DialogError, Endpoint, Event, PassiveMode, SUCCESS, Step};
use crate::{Code, Reply, StatusCodeError};

/// Waits for the final reply to a transfer while that to `EPSV` or `PASV` is owed as well, and those to questions
/// about the file that were sent before it (`MDTM`, `SIZE`), and tells them apart.
///
/// Most servers answer in order. Where one does not, `229` or `227` is the passive command's, `226` and `250` are
/// the transfer's, and any other success if nothing came before it that may be meant. Of what remains, a
/// refusal is the transfer's once there are as many replies as commands, for none is answered twice.
#[derive(Debug)]
pub struct PipelinedCompletion {
    mode: PassiveMode,
    /// How many questions were sent.
    questions: usize,
    transfer: Option<Reply>,
    passive: Option<Answer>,
    /// All others, in the order in which they came.
    others: Vec<Reply>,
}

/// How a transfer ended, and what is known of the commands behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    /// The final reply to the transfer, or how it was refused.
    pub transfer: Result<Reply, StatusCodeError>,
    /// What the questions were answered; nothing from a server that closes.
    pub answers: Vec<Reply>,
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
        Self { mode, questions: 0, transfer: None, passive: None, others: Vec::new() }
    }

    /// Says that so many questions were sent before the passive command.
    #[must_use]
    pub fn questions(self, questions: usize) -> Self {
        Self { questions, ..self }
    }

    /// Gives the final reply to the transfer, once it has come.
    #[must_use]
    pub fn transfer(&self) -> Option<&Reply> {
        self.transfer.as_ref()
    }

    fn take(&mut self, reply: Reply) -> Step<Completed> {
        match reply.code() {
            code if code.is_preliminary() => return Step::AwaitReply,
            code if self.mode.is_answer(code) && self.passive.is_none() => {
                self.passive = Some(self.mode.read(reply).map_or(Answer::Refused, Answer::Listening));
            }
            code if self.is_of_transfer(code) => self.transfer = Some(reply),
            _ => self.others.push(reply),
        }
        self.conclude()
    }

    fn is_of_transfer(&self, code: Code) -> bool {
        let unmistakable =
            matches!(code, Code::TRANSFER_COMPLETE | Code::FILE_ACTION_DONE | Code::SERVICE_CLOSING);
        // One question asks, of two the second sets something, with a success of its own.
        let first = self.others.is_empty() && self.questions < 2;
        self.transfer.is_none() && (unmistakable || (first && code.is_success() && code != Code::FILE_STATUS))
    }

    /// Ends when it is known how the transfer ended, and what the questions were answered.
    fn conclude(&mut self) -> Step<Completed> {
        let owed = self.questions + 1 + usize::from(self.passive.is_none());
        if self.transfer.is_none() && self.others.len() == owed {
            let refusal = self.others.iter().position(|reply| !reply.matches(SUCCESS));
            self.transfer = Some(self.others.remove(refusal.unwrap_or(0)));
        }
        let closing = |reply: &Reply| reply.code() == Code::SERVICE_CLOSING;
        let answered = self.others.len() >= self.questions;
        let Some(transfer) = self.transfer.take_if(|reply| answered || closing(reply)) else {
            return Step::AwaitReply;
        };
        let answers = self.others.drain(..self.questions.min(self.others.len())).collect();
        let unanswered = if self.others.is_empty() { Answer::Owed } else { Answer::Refused };
        Step::Done(Completed {
            transfer: transfer.expect(SUCCESS),
            answers,
            passive: self.passive.unwrap_or(unanswered),
        })
    }
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

    /// Gives what `run` gives of a dialog with questions, and the codes of their answers.
    fn run_asking(questions: usize, script: &str) -> (u16, bool, Answer, Vec<u16>) {
        let dialog = PipelinedCompletion::new(PassiveMode::Epsv).questions(questions);
        let completed = replay(dialog, script).unwrap();
        let answers = completed.answers.iter().map(|reply| reply.code().get()).collect();
        match completed.transfer {
            Ok(reply) => (reply.code().get(), false, completed.passive, answers),
            Err(error) => (error.info.code().get(), true, completed.passive, answers),
        }
    }

    #[test]
    fn answers_are_awaited_and_the_port_left_to_the_next_transfer() {
        for (script, passive, answers) in [
            ("< 226 done\n< 213 5", Answer::Owed, vec![213]),
            ("< 226 done\n< 550 no", Answer::Owed, vec![550]),
            ("< 213 5\n< 226 done", Answer::Owed, vec![213]),
            ("< 229 ok (|||21|)\n< 226 done\n< 213 5", listening(21), vec![213]),
        ] {
            assert_eq!(run_asking(1, script), (226, false, passive, answers), "{script}");
        }
        assert_eq!(
            run_asking(2, "< 226 done\n< 213 5\n< 200 set"),
            (226, false, Answer::Owed, vec![213, 200])
        );
    }

    #[test]
    fn refusals_are_told_apart_by_what_succeeds_and_by_their_order() {
        for (script, expected) in [
            ("< 450 busy\n< 450 busy\n< 226 done", (226, false, Answer::Refused, vec![450])),
            ("< 451 full\n< 213 5\n< 229 ok (|||21|)", (451, true, listening(21), vec![213])),
            ("< 451 full\n< 550 no\n< 229 ok (|||21|)", (451, true, listening(21), vec![550])),
            ("< 451 full\n< 550 no\n< 500 what?", (451, true, Answer::Refused, vec![550])),
            ("< 550 no\n< 226 done", (226, false, Answer::Owed, vec![550])),
            ("< 421 bye", (421, true, Answer::Owed, vec![])),
        ] {
            assert_eq!(run_asking(1, script), expected, "{script}");
        }
    }

    #[test]
    fn no_success_of_another_command_makes_a_failed_transfer_whole() {
        for (questions, script) in [
            (1, "< 451 full\n< 200 5\n< 229 ok (|||21|)"),
            (2, "< 451 full\n< 213 5\n< 200 set\n< 229 ok (|||21|)"),
            (2, "< 200 set\n< 213 5\n< 451 full\n< 229 ok (|||21|)"),
        ] {
            let (code, refused, ..) = run_asking(questions, script);
            assert_eq!((code, refused), (451, true), "{script}");
        }
    }
}
