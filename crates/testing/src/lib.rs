//! What the tests of oxftp stand on: servers, proxies and trees of files.
//!
//! Never published. The servers are [`servers`] and, where every byte counts, [`scripted`]; the proxies to
//! reach them through are [`proxies`], a network that breaks is [`faulty`], and what goes up and down is a [`tree`].

#![allow(clippy::unwrap_used, reason = "a test that cannot prepare fails, here as in its body")]

pub mod faulty;
pub mod proxies;
pub mod scripted;
pub mod servers;
pub mod tls_front;
pub mod tree;

pub use oxftp_serve::certificates;
