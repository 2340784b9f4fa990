//! Tests that take long: kills, interruptions, and files of 4 GiB.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its environment fails")]

#[path = "../common/mod.rs"]
mod common;

mod interrupted_verbs;
mod interruption;
mod kills;
#[cfg(target_os = "linux")]
mod memory;
mod simultaneous_runs;
