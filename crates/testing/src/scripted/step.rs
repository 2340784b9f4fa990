use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

/// One thing that a scripted server does.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Expect(Vec<u8>),
    ExpectStart(Vec<u8>),
    Say(Vec<u8>),
    SayByteByByte(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Listen(Listening),
    ConnectBack(&'static str),
    Stranger,
    Send(Vec<u8>),
    Read(usize),
    Receive(Reading),
    ExpectEndOfSending,
    CloseData,
    ResetData,
    Quiet,
    Stall,
    Close,
    Reset,
}

/// How a passive server listens, and what it says about it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Listening {
    Epsv,
    Dead,
    Pasv,
    PasvNaming(Ipv4Addr),
    PasvAt(Ipv4Addr),
}

/// What is wanted of an upload.
#[derive(Debug, Clone)]
pub(super) enum Reading {
    Anything,
    Exactly(Vec<u8>),
    ToReset,
}

/// Says what the step does, for a test that failed there.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect(line) => write!(f, "expect {}", shown(line)),
            Self::ExpectStart(start) => write!(f, "expect what starts with {}", shown(start)),
            Self::Say(bytes) | Self::SayByteByByte(bytes) => write!(f, "say {}", shown(bytes)),
            Self::Drip(bytes, pause) => write!(f, "say {}, a byte each {pause:?}", shown(bytes)),
            Self::Listen(how) => write!(f, "listen for data ({how:?})"),
            Self::ConnectBack(verb) => write!(f, "expect {verb}and an address"),
            Self::Stranger => f.write_str("connect to the client as a stranger"),
            Self::Send(bytes) => write!(f, "send {} bytes of data", bytes.len()),
            Self::Read(count) => write!(f, "read {count} bytes of data"),
            Self::Receive(Reading::Anything) => f.write_str("read the data to their end"),
            Self::Receive(Reading::Exactly(bytes)) => write!(f, "expect {} bytes of data", bytes.len()),
            Self::Receive(Reading::ToReset) => f.write_str("expect the data connection to be reset"),
            Self::ExpectEndOfSending => {
                f.write_str("expect the client to end its side of the data connection")
            }
            Self::CloseData => f.write_str("close the data connection"),
            Self::ResetData => f.write_str("reset the data connection"),
            Self::Quiet => f.write_str("hear nothing while the client may run"),
            Self::Stall => f.write_str("stall"),
            Self::Close => f.write_str("close the control connection"),
            Self::Reset => f.write_str("reset the control connection"),
        }
    }
}

/// Shows bytes in quotes, escaped and cut.
pub(super) fn shown(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(SHOWN)];
    let more = if cut.len() < bytes.len() { "..." } else { "" };
    format!("\"{}{more}\"", cut.escape_ascii())
}

const SHOWN: usize = 200;
