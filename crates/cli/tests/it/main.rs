//! Fast tests of the program: embedded and scripted servers only.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its environment fails")]

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod docs;
mod login;
mod output;
mod settings;
mod shell;
