use std::time::Duration;

use super::Random;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Commands and replies.
    Control,
    /// One transfer.
    Data,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// What goes wrong.
    pub fault: Fault,
    /// Whether it goes wrong on the way to the client; else on the way to the server.
    pub to_client: bool,
    /// Passes before the first byte moves, so that control and data overtake each other.
    pub delay: Duration,
    /// Passes at most between two pieces.
    pub jitter: Duration,
    /// The most bytes that go in one piece.
    pub piece: usize,
}

/// What goes wrong with a connection, after so many bytes went one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Nobody answers.
    Refuse,
    /// Both sides see it end.
    Cut(u64),
    /// Both sides see it reset.
    Reset(u64),
    /// Nothing moves any more, either way.
    Stall(u64),
    /// The receiving side sees it end, and the sending one sends on, to nobody.
    HalfClose(u64),
}

impl Fate {
    /// Draws lots for a connection; one that is not troubled is slow at worst.
    pub fn draw(random: &mut Random, line: Line, troubled: bool) -> Self {
        let fault = if troubled { Fault::draw(random, line) } else { Fault::None };
        Self {
            fault,
            to_client: random.once_in(2),
            delay: Duration::from_millis(if random.once_in(3) { random.below(20) } else { 0 }),
            jitter: Duration::from_micros(if random.once_in(3) { random.below(2000) } else { 0 }),
            piece: if random.once_in(4) { 1 + random.below(4096) as usize } else { 64 * 1024 },
        }
    }
}

impl Fate {
    /// Has this fault, on the way to the client, and is fast otherwise.
    pub(super) fn alone(fault: Fault) -> Self {
        let (delay, jitter) = (Duration::ZERO, Duration::ZERO);
        Self { fault, to_client: true, delay, jitter, piece: 64 * 1024 }
    }
}

impl Fault {
    fn draw(random: &mut Random, line: Line) -> Self {
        let most = match line {
            Line::Control => 1200,
            Line::Data if random.once_in(4) => 64,
            Line::Data => 80_000,
        };
        let after = random.below(most);
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
