//! Steps of a script.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

/// One step of a scripted server.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Expect(Vec<u8>),
    ExpectStart(Vec<u8>),
    SendControl(Vec<u8>),
    SendByteByByte(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Listen(PassiveMode),
    ConnectBack(&'static str),
    ForeignConnection,
    Send(Vec<u8>),
    Read(usize),
    Receive(Expected),
    ExpectEndOfSending,
    CloseData,
    EndSending,
    ResetData,
    ExpectSilence,
    Stall,
    Close,
    Reset,
}

/// The way in which a passive server listens, and the address in its reply.
#[derive(Debug, Clone, Copy)]
pub(super) enum PassiveMode {
    Epsv,
    Dead,
    Pasv,
    PasvNaming(Ipv4Addr),
    PasvAt(Ipv4Addr),
}

/// The expected content of an upload.
#[derive(Debug, Clone)]
pub(super) enum Expected {
    Anything,
    Exactly(Vec<u8>),
    ToReset,
}

/// Describes the step for the message of a failed test.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect(line) => write!(f, "expect {}", quoted(line)),
            Self::ExpectStart(start) => write!(f, "expect a line that starts with {}", quoted(start)),
            Self::SendControl(bytes) | Self::SendByteByByte(bytes) => write!(f, "send {}", quoted(bytes)),
            Self::Drip(bytes, pause) => write!(f, "send {}, one byte every {pause:?}", quoted(bytes)),
            Self::Listen(how) => write!(f, "listen for data ({how:?})"),
            Self::ConnectBack(verb) => write!(f, "expect {verb}and an address"),
            Self::ForeignConnection => f.write_str("connect to the client from a foreign address"),
            Self::Send(bytes) => write!(f, "send {} bytes of data", bytes.len()),
            Self::Read(count) => write!(f, "read {count} bytes of data"),
            Self::Receive(Expected::Anything) => f.write_str("read the data to the end"),
            Self::Receive(Expected::Exactly(bytes)) => write!(f, "expect {} bytes of data", bytes.len()),
            Self::Receive(Expected::ToReset) => f.write_str("expect the data connection to be reset"),
            Self::ExpectEndOfSending => {
                f.write_str("expect the client to shut down its side of the data connection")
            }
            Self::CloseData => f.write_str("close the data connection"),
            Self::EndSending => f.write_str("shut down the server's side of the data connection"),
            Self::ResetData => f.write_str("reset the data connection"),
            Self::ExpectSilence => f.write_str("expect no input while the client runs"),
            Self::Stall => f.write_str("ignore all input"),
            Self::Close => f.write_str("close the control connection"),
            Self::Reset => f.write_str("reset the control connection"),
        }
    }
}

/// Returns bytes in quotes, escaped and truncated.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(MAX_QUOTED)];
    let more = if cut.len() < bytes.len() { "..." } else { "" };
    format!("\"{}{more}\"", cut.escape_ascii())
}

const MAX_QUOTED: usize = 200;
