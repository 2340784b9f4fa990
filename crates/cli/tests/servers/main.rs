//! Tests of the program with real FTP servers.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its environment fails")]

#[path = "../common/mod.rs"]
mod common;

mod backups;
mod every_flag;
mod every_verb;
mod failures;
mod mlsd_and_list;
mod probe;
mod remote_changes;
mod selection;
mod shell;
mod shell_restart;
mod symlinks;
mod transfer_options;
mod walkthrough;
