//! Fault plan of a connection.

use std::time::Duration;

use super::Random;

/// The kind of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionKind {
    /// A control connection.
    Control,
    /// A data connection.
    Data,
}

/// The fault and the delays of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultPlan {
    /// The fault.
    pub fault: NetworkFault,
    /// `true` if the fault affects the direction to the client, `false` if it affects the direction to the server.
    pub to_client: bool,
    /// The delay before the first byte, which lets control and data connections overtake each other.
    pub delay: Duration,
    /// The pause between two chunks.
    pub jitter: Duration,
    /// The maximum number of bytes in one chunk.
    pub chunk_size: usize,
}

/// A fault of a connection, after this many bytes in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkFault {
    /// No fault.
    None,
    /// The connection is refused.
    Refuse,
    /// Both sides see an end of file.
    Cut(u64),
    /// Both sides see a reset.
    Reset(u64),
    /// No more bytes are forwarded in either direction.
    Stall(u64),
    /// The receiver sees an end of file; further bytes of the sender are discarded.
    HalfClose(u64),
}

impl FaultPlan {
    /// Creates a random fault plan; a connection that is not faulty is at most slow.
    pub fn random(random: &mut Random, kind: ConnectionKind, faulty: bool) -> Self {
        let fault = if faulty { NetworkFault::random(random, kind) } else { NetworkFault::None };
        Self {
            fault,
            to_client: random.once_in(2),
            delay: Duration::from_millis(if random.once_in(3) { random.below(20) } else { 0 }),
            jitter: Duration::from_micros(if random.once_in(3) { random.below(2000) } else { 0 }),
            chunk_size: if random.once_in(4) { 1 + random.below(4096) as usize } else { 64 * 1024 },
        }
    }

    /// Creates a plan with this fault in the direction to the client, without delays.
    pub(super) fn only(fault: NetworkFault) -> Self {
        let (delay, jitter) = (Duration::ZERO, Duration::ZERO);
        Self { fault, to_client: true, delay, jitter, chunk_size: 64 * 1024 }
    }
}

impl NetworkFault {
    fn random(random: &mut Random, kind: ConnectionKind) -> Self {
        let limit = match kind {
            ConnectionKind::Control => 1200,
            ConnectionKind::Data if random.once_in(4) => 64,
            ConnectionKind::Data => 80_000,
        };
        let after = random.below(limit);
        match random.below(11) {
            0 | 1 => Self::None,
            2 => Self::Refuse,
            3 | 4 => Self::Cut(after),
            5 | 6 => Self::Reset(after),
            7 => Self::Stall(after),
            _ => Self::HalfClose(after),
        }
    }
}
