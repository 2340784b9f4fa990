//! Completion of a transfer while the next passive command is already sent.

use super::{Dialog, DialogError, Event, PassiveAddress, PassiveMode, SUCCESS, Step};
use crate::{Code, Reply, StatusCodeError};

/// Waits for the final reply to a transfer while the replies to `EPSV` or `PASV`, and to queries about the
/// file sent before it (`MDTM`, `SIZE`), are outstanding too, and assigns each reply to its command.
///
/// Most servers reply in order. If one does not, `229` or `227` belongs to the passive command, and `226` and
/// `250` to the transfer. So does any other success that comes before all replies it could be confused with.
/// Among the remaining replies, a refusal belongs to the transfer once there are as many replies as commands,
/// because no command gets two.
#[derive(Debug)]
pub struct PipelinedCompletion {
    mode: PassiveMode,
    /// Number of queries sent.
    queries: usize,
    transfer: Option<Reply>,
    passive: Option<PassiveReply>,
    /// All other replies, in the order of arrival.
    others: Vec<Reply>,
}

/// Result of a transfer, and of the commands sent after it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    /// The final reply to the transfer, or its refusal.
    pub transfer: Result<Reply, StatusCodeError>,
    /// Replies to the queries; empty if the server closes the connection.
    pub query_replies: Vec<Reply>,
    /// Reply to the passive command.
    pub passive: PassiveReply,
}

/// Reply to a passive command that was sent early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassiveReply {
    /// No reply has arrived.
    Outstanding,
    /// The server listens at this address.
    Listening(PassiveAddress),
    /// The command was refused.
    Refused,
}

impl PipelinedCompletion {
    /// Creates the dialog; `mode` was sent after the end of the data.
    #[must_use]
    pub fn new(mode: PassiveMode) -> Self {
        Self { mode, queries: 0, transfer: None, passive: None, others: Vec::new() }
    }

    /// Sets the number of queries that were sent before the passive command.
    #[must_use]
    pub fn queries(self, queries: usize) -> Self {
        Self { queries, ..self }
    }

    /// Returns the final reply to the transfer, if it has arrived.
    #[must_use]
    pub fn transfer(&self) -> Option<&Reply> {
        self.transfer.as_ref()
    }

    fn take(&mut self, reply: Reply) -> Step<Completed> {
        match reply.code() {
            code if code.is_preliminary() => return Step::AwaitReply,
            code if self.mode.is_answer(code) && self.passive.is_none() => {
                self.passive =
                    Some(self.mode.read(reply).map_or(PassiveReply::Refused, PassiveReply::Listening));
            }
            code if self.is_of_transfer(code) => self.transfer = Some(reply),
            _ => self.others.push(reply),
        }
        self.conclude()
    }

    fn is_of_transfer(&self, code: Code) -> bool {
        let unmistakable =
            matches!(code, Code::TRANSFER_COMPLETE | Code::FILE_ACTION_DONE | Code::SERVICE_CLOSING);
        // A single query reads a value. The second of two queries sets a value, and has another success code.
        let first = self.others.is_empty() && self.queries < 2;
        self.transfer.is_none() && (unmistakable || (first && code.is_success() && code != Code::FILE_STATUS))
    }

    /// Completes when the results of the transfer and of the queries are known.
    fn conclude(&mut self) -> Step<Completed> {
        let outstanding = self.queries + 1 + usize::from(self.passive.is_none());
        if self.transfer.is_none() && self.others.len() == outstanding {
            let refusal = self.others.iter().position(|reply| !reply.matches(SUCCESS));
            self.transfer = Some(self.others.remove(refusal.unwrap_or(0)));
        }
        let closing = |reply: &Reply| reply.code() == Code::SERVICE_CLOSING;
        let replied = self.others.len() >= self.queries;
        let Some(transfer) = self.transfer.take_if(|reply| replied || closing(reply)) else {
            return Step::AwaitReply;
        };
        let query_replies = self.others.drain(..self.queries.min(self.others.len())).collect();
        let unanswered =
            if self.others.is_empty() { PassiveReply::Outstanding } else { PassiveReply::Refused };
        Step::Done(Completed {
            transfer: transfer.expect(SUCCESS),
            query_replies,
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

    /// Returns the code of the reply to the transfer, whether it is a refusal, and the reply to the passive
    /// command.
    fn run(script: &str) -> (u16, bool, PassiveReply) {
        let completed = replay(PipelinedCompletion::new(PassiveMode::Epsv), script).unwrap();
        match completed.transfer {
            Ok(reply) => (reply.code().get(), false, completed.passive),
            Err(error) => (error.info.code().get(), true, completed.passive),
        }
    }

    fn listening(port: u16) -> PassiveReply {
        PassiveReply::Listening(PassiveAddress { port, advertised: None })
    }

    #[test]
    fn pipelined_passive_reply_stays_outstanding() {
        assert_eq!(run("< 226 done"), (226, false, PassiveReply::Outstanding));
        assert_eq!(run("< 150 late\n< 250 done"), (250, false, PassiveReply::Outstanding));
    }

    #[test]
    fn early_passive_reply_is_kept() {
        assert_eq!(run("< 229 ok (|||21|)\n< 226 done"), (226, false, listening(21)));
        assert_eq!(run("< 229 ok (|||21|)\n< 426 cut"), (426, true, listening(21)));
    }

    #[test]
    fn failed_transfer_is_distinguished_from_refused_passive() {
        assert_eq!(run("< 451 disk full\n< 229 ok (|||21|)"), (451, true, listening(21)));
        assert_eq!(run("< 450 transfer in progress\n< 226 done"), (226, false, PassiveReply::Refused));
        assert_eq!(run("< 451 disk full\n< 500 what?"), (451, true, PassiveReply::Refused));
    }

    #[test]
    fn closing_server_leaves_passive_reply_outstanding() {
        assert_eq!(run("< 421 bye"), (421, true, PassiveReply::Outstanding));
    }

    #[test]
    fn passive_reply_without_port_counts_as_refused() {
        assert_eq!(run("< 229 nowhere\n< 226 done"), (226, false, PassiveReply::Refused));
        assert_eq!(run("< 426 cut\n< 229 nowhere"), (426, true, PassiveReply::Refused));
    }

    /// Returns the same as `run` for a dialog with queries, and the codes of their replies.
    fn run_asking(queries: usize, script: &str) -> (u16, bool, PassiveReply, Vec<u16>) {
        let dialog = PipelinedCompletion::new(PassiveMode::Epsv).queries(queries);
        let completed = replay(dialog, script).unwrap();
        let query_replies = completed.query_replies.iter().map(|reply| reply.code().get()).collect();
        match completed.transfer {
            Ok(reply) => (reply.code().get(), false, completed.passive, query_replies),
            Err(error) => (error.info.code().get(), true, completed.passive, query_replies),
        }
    }

    #[test]
    fn query_replies_are_awaited_before_passive_reply() {
        for (script, passive, query_replies) in [
            ("< 226 done\n< 213 5", PassiveReply::Outstanding, vec![213]),
            ("< 226 done\n< 550 no", PassiveReply::Outstanding, vec![550]),
            ("< 213 5\n< 226 done", PassiveReply::Outstanding, vec![213]),
            ("< 229 ok (|||21|)\n< 226 done\n< 213 5", listening(21), vec![213]),
        ] {
            assert_eq!(run_asking(1, script), (226, false, passive, query_replies), "{script}");
        }
        assert_eq!(
            run_asking(2, "< 226 done\n< 213 5\n< 200 set"),
            (226, false, PassiveReply::Outstanding, vec![213, 200])
        );
    }

    #[test]
    fn refusals_are_assigned_by_order_and_success() {
        for (script, expected) in [
            ("< 450 busy\n< 450 busy\n< 226 done", (226, false, PassiveReply::Refused, vec![450])),
            ("< 451 full\n< 213 5\n< 229 ok (|||21|)", (451, true, listening(21), vec![213])),
            ("< 451 full\n< 550 no\n< 229 ok (|||21|)", (451, true, listening(21), vec![550])),
            ("< 451 full\n< 550 no\n< 500 what?", (451, true, PassiveReply::Refused, vec![550])),
            ("< 550 no\n< 226 done", (226, false, PassiveReply::Outstanding, vec![550])),
            ("< 421 bye", (421, true, PassiveReply::Outstanding, vec![])),
        ] {
            assert_eq!(run_asking(1, script), expected, "{script}");
        }
    }

    #[test]
    fn success_of_query_never_completes_failed_transfer() {
        for (queries, script) in [
            (1, "< 451 full\n< 200 5\n< 229 ok (|||21|)"),
            (2, "< 451 full\n< 213 5\n< 200 set\n< 229 ok (|||21|)"),
            (2, "< 200 set\n< 213 5\n< 451 full\n< 229 ok (|||21|)"),
        ] {
            let (code, refused, ..) = run_asking(queries, script);
            assert_eq!((code, refused), (451, true), "{script}");
        }
    }
}
