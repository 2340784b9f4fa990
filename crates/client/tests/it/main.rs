//! Tests against scripted servers and the embedded server, which need nothing installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]
#![expect(clippy::duplicate_mod, reason = "each example has the module `support`")]

#[path = "../common/mod.rs"]
mod common;

mod aioftp;
mod blocking;
mod command_errors;
mod connectors;
mod control;
mod data;
mod examples;
mod fixture;
mod fxp;
mod hostile_servers;
mod listing;
mod minimal_servers;
mod mirror;
mod misbehaviour;
mod open_session;
mod pool;
mod profiles;
mod reports;
mod send;
mod sessions;
mod spans;
mod tls;
mod transfer;
