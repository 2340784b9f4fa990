//! Server software: its identification, and its deviations from the RFCs.

mod kind;
mod quirks;

pub(crate) use kind::IIS_NAMES;
pub use kind::ServerKind;
pub use quirks::Quirks;
