//! Tests that need real servers: vsftpd, ProFTPD, Pure-FTPd and pyftpdlib.
//!
//! A server that is not installed is skipped, unless `OXFTP_REQUIRE_SERVERS=1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

#[path = "../common/mod.rs"]
mod common;

mod adaptive_concurrency;
mod allocate;
mod ascii;
mod attributes;
mod cancellation;
mod ccc;
mod command_pipeline;
mod compression;
mod concurrent_trees;
mod fxp;
mod ipv6;
mod keepalive;
mod login_options;
mod mirror;
mod mirror_symlinks;
mod mlsd_and_list;
mod owned_streams;
mod permissions;
mod pool;
mod ranges;
mod remote_hash;
mod remove;
mod segments;
mod session;
mod stou;
mod temporary_names;
mod verify;
