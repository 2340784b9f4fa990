//! Queries to a server; nothing on it is changed.

use std::time::Duration;

use oxftp::{
    Client, DotNames, FtpUrl, ListCommand, PassiveMode, PathEntry, RemotePath, Timestamp, TlsVersion,
    TransferType,
    listing::{Format, ListingParser},
};
use tokio::{io::AsyncReadExt, time::timeout};

use super::{
    certificate::Certificate,
    findings::{Answer, DataMode, Findings, ListingCheck, Tls},
};
use crate::{
    failure::{Failure, Result, Stage},
    session::{Session, known_hosts},
};

/// Returns the findings, and the error that prevented further ones.
pub(super) async fn inspect(session: &mut Session, url: &FtpUrl) -> Result<(Findings, Result)> {
    let (mut client, credentials) = session.connected(url, |builder| builder).await?;
    let mut findings = Findings { url: url.to_string(), ..Findings::default() };
    findings.greeting =
        client.greeting().lines().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    findings.tls = tls(&client, url);
    let stage = Stage::of_login(&credentials);
    let login = client.login(credentials).await;
    findings.login = Some(Answer::of(&login));
    if let Err(error) = login {
        return Ok((findings, Err(Failure::opening(url, stage, error))));
    }
    let outcome = inspect_session(&mut client, &url.path(), &mut findings).await;
    for mode in [PassiveMode::Epsv, PassiveMode::Pasv] {
        findings.data.push(data_mode(session, url, mode, &mut findings.data_resumed).await?);
    }
    findings.unanswered = client.unanswered_commands();
    // Last, because pipelining may desynchronise a server that does not support it.
    findings.pipelining = Some(takes_pipelines(&mut client).await);
    if !client.is_broken() {
        let _ = client.quit().await;
    }
    Ok((findings, outcome.map_err(|error| Failure::about(url, error))))
}

fn tls(client: &Client, url: &FtpUrl) -> Option<Tls> {
    let version = match client.tls_version()? {
        TlsVersion::Tls12 => "TLSv1.2",
        _ => "TLSv1.3",
    };
    let certificate = client.certificates().next().and_then(Certificate::read);
    let cipher = client.tls_cipher().unwrap_or_default().to_owned();
    let known_hosts = certificate.as_ref().map(|certificate| known_hosts::line(url, &certificate.sha256));
    Some(Tls {
        version: version.to_owned(),
        cipher,
        known_hosts: known_hosts.unwrap_or_default(),
        certificate,
    })
}

/// Sends all queries; a refusal is a finding, a lost connection ends them.
async fn inspect_session(
    client: &mut Client,
    path: &RemotePath,
    findings: &mut Findings,
) -> oxftp::Result<()> {
    findings.system = Some(client.system().await?.to_owned()).filter(|system| !system.is_empty());
    let features = client.features().await?;
    findings.features =
        features.iter().map(|(name, more)| format!("{name} {more}").trim_end().to_owned()).collect();
    findings.hashes = hashes(features);
    let mut file = None;
    for (command, by) in [("MLSD", ListCommand::Mlsd), ("LIST", ListCommand::List)] {
        let listed = client.list(path).raw_command(by).await;
        file =
            file.or_else(|| listed.as_ref().ok()?.iter().find(|entry| entry.is_file()).map(PathEntry::path));
        let entries = listed.as_ref().map_or(0, Vec::len);
        findings.listings.push(ListingCheck { command, answer: Answer::of(&listed), entries });
        listed.map(drop).or_else(unless_refused)?;
    }
    findings.dot_names = Some(match client.dot_names() {
        DotNames::Shown => "shown",
        DotNames::Hidden => "hidden",
        _ => "unknown",
    });
    findings.refused = refused(client, file).await?;
    findings.path_style = Some(client.path_style().to_string());
    findings.list_format =
        list_format(client, path).await.or_else(|error| unless_refused(error).map(|()| None))?;
    let zone = client.measure_server_zone(path).await;
    let zone = zone.or_else(|error| unless_refused(error).map(|()| None))?;
    findings.server_zone = zone.map(|zone| zone.to_string());
    let restart = client.check_restart().await;
    findings.restart = Some(Answer::of(&restart));
    restart.or_else(unless_refused)
}

/// Ignores errors unless the connection is lost.
fn unless_refused(error: oxftp::Error) -> oxftp::Result<()> {
    match error.is_connection_lost() {
        true => Err(error),
        false => Ok(()),
    }
}

/// Returns the refusals of commands that not every server knows. `SIZE` and `MDTM` need a file.
async fn refused(client: &mut Client, file: Option<RemotePath>) -> oxftp::Result<Vec<String>> {
    let mut refused = Vec::new();
    let mut note = |command: &str, error: oxftp::Error| {
        let said = error.reply().map(|reply| format!("{command}: {} {}", reply.code(), reply.text()));
        refused.extend(said);
        unless_refused(error)
    };
    client.current_dir().await.map(drop).or_else(|error| note("PWD", error))?;
    if let Some(file) = file {
        client.size(&file).await.map(drop).or_else(|error| note("SIZE", error))?;
        client.modified(&file).await.map(drop).or_else(|error| note("MDTM", error))?;
    }
    Ok(refused)
}

/// Returns the hash algorithms in the features.
fn hashes(features: &oxftp::Features) -> Vec<String> {
    let listed = features.parameters("HASH").unwrap_or_default().split(';');
    let mut hashes: Vec<_> =
        listed.filter(|name| !name.is_empty()).map(|name| name.trim_end_matches('*').to_owned()).collect();
    let own = ["XSHA512", "XSHA256", "XSHA1", "XSHA", "XMD5", "MD5", "XCRC"];
    hashes.extend(own.iter().filter(|verb| features.contains(verb)).map(|verb| (*verb).to_owned()));
    hashes
}

/// Returns the format that parses the most lines of `LIST`, or the first of several.
async fn list_format(client: &mut Client, path: &RemotePath) -> oxftp::Result<Option<String>> {
    let entered = if path.is_empty() { None } else { Some(client.current_dir().await?) };
    if entered.is_some() {
        client.change_dir(path).await?;
    }
    let mut text = Vec::new();
    let mut stream = client.data_command("LIST").transfer_type(TransferType::Ascii).await?;
    let read = (&mut stream).take(MAX_READ).read_to_end(&mut text).await;
    let ended = match read {
        Ok(_) => stream.finish().await.map(drop),
        Err(error) => Err(stream.fail(error).await),
    };
    if let Some(directory) = entered {
        client.change_dir(directory).await?;
    }
    ended?;
    let formats = Format::all().map(|format| (explained(&text, format), format));
    let best = formats.fold(None, |best: Option<(usize, Format)>, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => Some(next),
    });
    Ok(best.filter(|(lines, _)| *lines > 0).map(|(_, format)| format.to_string()))
}

fn explained(text: &[u8], format: Format) -> usize {
    let mut parser = ListingParser::of(&[format], Timestamp::UNIX_EPOCH);
    text.split(|byte| *byte == b'\n').for_each(|line| parser.push(line.strip_suffix(b"\r").unwrap_or(line)));
    parser.finish();
    std::iter::from_fn(|| parser.next_entry()).count()
}

/// Opens a session with this passive mode only, and lists twice: the second data connection may resume TLS even if the
/// first did not.
async fn data_mode(
    session: &mut Session,
    url: &FtpUrl,
    mode: PassiveMode,
    resumed: &mut Option<bool>,
) -> Result<DataMode> {
    let (mut client, credentials) =
        session.connected(url, |builder| builder.passive_commands([mode])).await?;
    let command = if mode == PassiveMode::Epsv { "EPSV" } else { "PASV" };
    let listed = async {
        client.login(credentials).await?;
        client.list(url.path()).await?;
        client.list(url.path()).await
    };
    let answer = Answer::of(&listed.await);
    if answer.works && client.is_encrypted() {
        *resumed = Some(resumed.unwrap_or(true) && client.tls_counts().resumed > 0);
    }
    let address = match mode {
        PassiveMode::Pasv => client.passive_address().await.ok().map(|address| address.ip().to_string()),
        _ => None,
    };
    if !client.is_broken() {
        let _ = client.quit().await;
    }
    Ok(DataMode { command, answer, address })
}

async fn takes_pipelines(client: &mut Client) -> bool {
    let replies = timeout(TIMEOUT, client.pipeline(["NOOP", "PWD", "NOOP"])).await;
    replies.is_ok_and(|replies| {
        replies.is_ok_and(|replies| replies.iter().all(|reply| reply.code().class() == 2))
    })
}

const TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum size in bytes: a few lines are enough to identify a format.
const MAX_READ: u64 = 1 << 20;
