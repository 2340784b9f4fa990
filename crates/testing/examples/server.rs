//! Runs one test server for manual experiments: `cargo run -p oxftp-testing --example server -- vsftpd explicit`.
//!
//! Further arguments: `1.2` or `1.3` for one TLS version, `v6`, `dots`, `foreign`, `hashes`, `compression`. The server stops at
//! the end of stdin.
//!
//! `profile NAME` runs a profile of an odd server instead, and prints its address, and at the end the commands that it
//! received; `profile` alone lists the names.

#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::env;
use std::fs;
use std::io::{Read, Write as _};

use oxftp_testing::memory::MemoryServer;
use oxftp_testing::profiles::{self, PROFILES};
use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TlsVersions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [first, rest @ ..] = &*arguments
        && first == "profile"
    {
        return run_profile(rest.first().map(String::as_str)).await;
    }
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let named = |kind: &ServerKind| has(&format!("{kind:?}").to_lowercase());
    let kind = ServerKind::ALL
        .into_iter()
        .find(named)
        .ok_or("expected one of: vsftpd, proftpd, pureftpd, pyftpdlib, embedded")?;
    let protection = match (has("explicit"), has("implicit")) {
        (true, _) => Protection::Explicit,
        (_, true) => Protection::Implicit,
        _ => Protection::Plain,
    };
    let mut options = ServerOptions::new(protection);
    options.ipv6 = has("v6");
    options.show_dot_files = has("dots");
    options.foreign_addresses = has("foreign");
    options.hashes = has("hashes");
    options.compression = has("compression");
    options.tls = match (has("1.2"), has("1.3")) {
        (true, _) => TlsVersions::Only12,
        (_, true) => TlsVersions::Only13,
        _ => TlsVersions::Any,
    };

    let server = kind.start_with(options).await?;
    println!("{} {} {} {}", server.host(), server.port(), server.user(), server.password());
    println!("{}", server.root().display());
    if let Some(pem) = server.ca_pem() {
        let path = server.root().with_file_name("ca.pem");
        fs::write(&path, pem)?;
        println!("{}", path.display());
    }
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    println!("{}", server.log());
    Ok(())
}

async fn run_profile(name: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let Some(name) = name else {
        for profile in PROFILES.iter().copied().flatten() {
            println!("{}", profile.name);
        }
        return Ok(());
    };
    let profile = profiles::find(name).ok_or("no profile has this name")?;
    let server = MemoryServer::start((profile.behaviour)()).await;
    println!("{}", server.address());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    for command in server.commands() {
        println!("{command}");
    }
    Ok(())
}
