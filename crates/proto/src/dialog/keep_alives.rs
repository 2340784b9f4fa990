//! Replies to `NOOP`s that were sent during a transfer.

use crate::{Code, Reply};

/// Separates the replies to `NOOP`s, sent during a transfer, from the reply to the transfer.
///
/// Servers send them before the reply to the transfer, after it, or never, and that reply can arrive between
/// any two of them. `200` belongs to a `NOOP`. A server that does not accept `NOOP` at this time replies
/// `500` to `503`, which could be a failed transfer too. Such a reply is held back until another one decides.
#[derive(Debug, Default)]
pub struct KeepAlives {
    waiting: usize,
    held: Option<Reply>,
}

impl KeepAlives {
    /// Records that one more `NOOP` is sent.
    pub fn sent(&mut self) {
        self.waiting += 1;
    }

    /// Returns the number of `NOOP`s without a reply.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Discards all state, when no more replies can arrive.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Processes a reply received after a transfer started. Returns the reply to the transfer: this one, or
    /// one that was held back.
    pub fn filter(&mut self, reply: Reply) -> Option<Reply> {
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

    /// Returns the reply that was held back, when no other can arrive to decide what it belongs to.
    pub fn take_held(&mut self) -> Option<Reply> {
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `sent` `NOOP`s and processes these codes. Returns the remaining codes and the number of `NOOP`s
    /// without a reply.
    fn filtered(sent: usize, codes: &[u16]) -> (Vec<u16>, usize) {
        let mut keep_alives = KeepAlives::default();
        (0..sent).for_each(|_| keep_alives.sent());
        let replies = codes.iter().map(|code| Reply::new(Code::new(*code).unwrap(), [&b"text"[..]]));
        let left = replies.filter_map(|reply| keep_alives.filter(reply)).map(|reply| reply.code().get());
        (left.collect(), keep_alives.waiting())
    }

    #[test]
    fn transfer_reply_is_found_among_keepalive_replies() {
        assert_eq!(filtered(2, &[200, 200, 226]), (vec![226], 0));
        assert_eq!(filtered(2, &[200, 226, 200]), (vec![226], 0));
        assert_eq!(filtered(2, &[226]), (vec![226], 2));
        assert_eq!(filtered(1, &[150, 426, 200]), (vec![150, 426], 0));
        assert_eq!(filtered(0, &[200]), (vec![200], 0));
    }

    #[test]
    fn transfer_reply_200_is_distinguished_from_keepalive() {
        assert_eq!(filtered(1, &[200, 200]), (vec![200], 0));
    }

    #[test]
    fn refused_keepalive_is_distinguished_from_failed_transfer() {
        assert_eq!(filtered(1, &[500, 226]), (vec![226], 0));
        assert_eq!(filtered(1, &[500, 200]), (vec![500], 0));
        assert_eq!(filtered(2, &[500, 502, 226]), (vec![226], 0));
    }
}
