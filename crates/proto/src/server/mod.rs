//! Server software: which server it is, and how it deviates from the RFCs.

mod kind;
mod quirks;

pub(crate) use kind::IIS_NAMES;
pub use kind::ServerKind;
pub use quirks::Quirks;
