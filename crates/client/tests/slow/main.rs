//! Tests that take seconds: large files, latency, killed servers, hundreds of TLS sessions.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

#[path = "../common/mod.rs"]
mod common;

mod high_latency;
mod large_files;
mod server_kills;
mod session_resumption;
mod tls_faults;
