//! What must hold for all that [`oxftp_proto`], [`oxftp`] and the program read, whatever the bytes.
//!
//! Each function here is called by the fuzzers in `fuzz_targets/` and panics when something is
//! not as it must be. `.ci/fuzz` runs them all.

pub mod listing;
pub mod netrc;
pub mod protocol;
pub mod session;
pub mod url;
