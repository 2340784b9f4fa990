//! Invariants of everything that [`oxftp_proto`], [`oxftp`] and the program parse, for any input.
//!
//! Each function here is called by the fuzzers in `fuzz_targets/` and panics when an invariant is violated.
//! `.ci/fuzz` runs all of them.

pub mod listing;
pub mod netrc;
pub mod protocol;
pub mod session;
pub mod url;
