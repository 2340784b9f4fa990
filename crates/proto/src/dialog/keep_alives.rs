//! Answers to `NOOP` among those to a transfer.

use crate::{Code, Reply};

/// Tells the answers to `NOOP`s that were sent while a transfer ran from the answer to the transfer.
///
/// Servers give them before the transfer's, after it, or never, and the transfer's own comes at any
/// place between them. `200` answers `NOOP`. A server that knows no `NOOP` just then answers `500` to `503`, which
/// could be a failed transfer's, too: such a reply is held back until another one tells.
#[derive(Debug, Default)]
pub struct KeepAlives {
    waiting: usize,
    held: Option<Reply>,
}

impl KeepAlives {
    /// Notes that one more `NOOP` is sent.
    pub fn sent(&mut self) {
        self.waiting += 1;
    }

    /// Gives the number of those not answered yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Forgets all, when it is certain that no answer is to come.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes a reply that came after a transfer was started; gives it back, or one that was held, if that
    /// answers the transfer.
    pub fn sift(&mut self, reply: Reply) -> Option<Reply> {
        match reply.code() {
            Code::OK if self.waiting > 0 => {
                self.waiting -= 1;
                None
            }
            Code::OK if self.held.is_some() => self.held.take(),
            code if self.waiting > 0 && matches!(code.get(), 500..=503) => {
                self.waiting -= 1;
                self.held.get_or_insert(reply);
                None
            }
            code => {
                if !code.is_preliminary() {
                    self.held = None;
                }
                Some(reply)
            }
        }
    }

    /// Gives the reply that was held back, when no other is to come that could tell whose it is.
    pub fn take_held(&mut self) -> Option<Reply> {
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends so many and sifts these codes; gives what is left, and how many are unanswered.
    fn sifted(sent: usize, codes: &[u16]) -> (Vec<u16>, usize) {
        let mut keep_alives = KeepAlives::default();
        (0..sent).for_each(|_| keep_alives.sent());
        let replies = codes.iter().map(|code| Reply::new(Code::new(*code).unwrap(), [&b"text"[..]]));
        let left = replies.filter_map(|reply| keep_alives.sift(reply)).map(|reply| reply.code().get());
        (left.collect(), keep_alives.waiting())
    }

    #[test]
    fn the_answer_to_the_transfer_is_told_at_any_place() {
        assert_eq!(sifted(2, &[200, 200, 226]), (vec![226], 0));
        assert_eq!(sifted(2, &[200, 226, 200]), (vec![226], 0));
        assert_eq!(sifted(2, &[226]), (vec![226], 2));
        assert_eq!(sifted(1, &[150, 426, 200]), (vec![150, 426], 0));
        assert_eq!(sifted(0, &[200]), (vec![200], 0));
    }

    #[test]
    fn a_server_that_ends_transfers_by_200_is_understood_by_the_number_of_replies() {
        assert_eq!(sifted(1, &[200, 200]), (vec![200], 0));
    }

    #[test]
    fn a_refused_noop_fails_no_transfer_and_a_failed_transfer_is_no_refused_noop() {
        assert_eq!(sifted(1, &[500, 226]), (vec![226], 0));
        assert_eq!(sifted(1, &[500, 200]), (vec![500], 0));
        assert_eq!(sifted(2, &[500, 502, 226]), (vec![226], 0));
    }
}
