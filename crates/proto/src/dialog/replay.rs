//! Test driver that runs a dialog against a transcript.

use super::{Dialog, DialogError, Event, Step};
use crate::{Limits, ReplyDecoder};

/// Drives `dialog` through `script`. `> ` is a command that it must send, `+ ` one that it must queue, `< ` a
/// reply, `= ` another event (`open PORT`, `fail PORT`, `listen ADDRESS`, `secure`). The dialog must use up
/// the script.
pub(crate) fn replay<D: Dialog>(mut dialog: D, script: &str) -> Result<D::Output, DialogError> {
    let mut lines = script.lines();
    let mut expect = |prefix: &str| {
        let line = lines.next().unwrap_or_else(|| panic!("the script ends where {prefix:?} should follow"));
        line.strip_prefix(prefix).unwrap_or_else(|| panic!("{prefix:?} should come, not {line:?}")).to_owned()
    };
    let mut event = Event::Start;
    let outcome = loop {
        let step = match dialog.step(event) {
            Ok(step) => step,
            Err(error) => break Err(error),
        };
        event = match step {
            Step::Send(command) => {
                assert_eq!(String::from_utf8_lossy(command.as_bytes()), expect("> "));
                Event::Reply(reply(&expect("< ")))
            }
            Step::Queue(command) => {
                assert_eq!(String::from_utf8_lossy(command.as_bytes()), expect("+ "));
                Event::Queued
            }
            Step::AwaitReply => Event::Reply(reply(&expect("< "))),
            Step::Open(address) => match expect("= ").split_once(' ') {
                Some(("open", port)) if port == address.port.to_string() => Event::Opened,
                Some(("fail", port)) if port == address.port.to_string() => Event::NotOpened,
                other => panic!("{address:?} was opened, the script has {other:?}"),
            },
            Step::Listen => Event::Listening(expect("= listen ").parse().unwrap()),
            Step::Secure => {
                expect("= secure");
                Event::Secured
            }
            Step::Done(output) | Step::Synchronised(output) => break Ok(output),
        };
    };
    assert_eq!(lines.next(), None, "the dialog ended early");
    outcome
}

pub(super) fn reply(line: &str) -> crate::Reply {
    let mut decoder = ReplyDecoder::new(&Limits::default());
    decoder.feed(format!("{line}\r\n").as_bytes());
    decoder.next_reply().unwrap().unwrap()
}
