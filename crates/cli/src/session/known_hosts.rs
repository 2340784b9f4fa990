//! Known hosts: certificates that the user trusted for a server, without an authority.
//!
//! Each line of the file is `HOST:PORT sha256:HEX`. A server with lines must show one of these certificates. For another
//! server whose certificate cannot be verified, the user is asked, if there is a terminal.

use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead, IsTerminal, Write as _},
    path::{Path, PathBuf},
};

use oxftp::{FtpUrl, Scheme, escape};
use sha2::{Digest, Sha256};

use crate::{
    args::Fingerprint,
    failure::{Failure, Result},
    settings,
};

/// The file with the certificates that the user trusts.
#[derive(Debug, Default)]
pub(crate) struct KnownHosts {
    path: Option<PathBuf>,
    entries: Vec<(String, Fingerprint)>,
}

impl KnownHosts {
    /// Reads the file; `none` turns it off. The default file may be missing, and a named one is created when it is needed.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) if path.as_os_str() == "none" => None,
            Some(path) => Some(path.to_owned()),
            None => settings::directory().map(|directory| directory.join("known_hosts")),
        };
        let Some(path) = path else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::local(format!("cannot read the known hosts {path:?}"), error)),
        };
        let entries = parse(&text).map_err(|line| {
            Failure::Usage(format!("{}:{line}: not a line such as HOST:PORT sha256:HEX", path.display()))
        })?;
        Ok(Self { path: Some(path), entries })
    }

    /// Returns the certificates of a server.
    pub(crate) fn of(&self, url: &FtpUrl) -> impl Iterator<Item = Fingerprint> {
        let host = server_name(url);
        self.entries.iter().filter(move |(known, _)| *known == host).map(|(_, pin)| *pin)
    }

    /// Returns whether the user can be asked about a server: it has no certificate yet, and there is a terminal.
    pub(crate) fn may_ask(&self, url: &FtpUrl) -> bool {
        let is_interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
        is_interactive && self.path.is_some() && self.of(url).next().is_none()
    }

    /// Asks the user whether to trust a certificate, and records it.
    pub(crate) async fn ask(&mut self, url: &FtpUrl, certificate: &[u8], why: &str) -> Result<bool> {
        let pin = Fingerprint(Sha256::digest(certificate).into());
        let host = server_name(url);
        let why = escape(why);
        let question = format!(
            "The certificate of {host} cannot be verified: {why}\nIts fingerprint is {}\nIf you do not expect this, answer no. \
             Trust it from now on? [y/N] ",
            text_of(&pin)
        );
        let asked = tokio::task::spawn_blocking(move || {
            let mut stderr = io::stderr().lock();
            stderr.write_all(question.as_bytes())?;
            stderr.flush()?;
            let mut answer = String::new();
            io::stdin().lock().read_line(&mut answer)?;
            Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
        });
        let answer: io::Result<bool> = asked.await.map_err(|_| Failure::Interrupted)?;
        if !answer.map_err(|error| Failure::local("cannot ask about the certificate", error))? {
            return Ok(false);
        }
        self.add(host, pin)?;
        Ok(true)
    }

    fn add(&mut self, host: String, pin: Fingerprint) -> Result {
        if let Some(path) = &self.path {
            let line = format!("{host} {}\n", text_of(&pin));
            append(path, &line)
                .map_err(|error| Failure::local(format!("cannot write the known hosts {path:?}"), error))?;
        }
        self.entries.push((host, pin));
        Ok(())
    }
}

/// Returns the line of a server and its certificate.
pub(crate) fn line(url: &FtpUrl, sha256: &str) -> String {
    format!("{} sha256:{sha256}", server_name(url))
}

/// Appends a line in one write, so that several runs may do so at once.
fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory)?;
    }
    fs::File::options().append(true).create(true).open(path)?.write_all(line.as_bytes())
}

/// Returns the entries, or the number of the first line that is none.
fn parse(text: &str) -> Result<Vec<(String, Fingerprint)>, usize> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let entries = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let parsed = entries.map(|(number, line)| {
        let (host, pin) = line.split_once(char::is_whitespace).ok_or(number)?;
        Ok((host.to_ascii_lowercase(), pin.trim().parse().map_err(|_| number)?))
    });
    parsed.collect()
}

/// Returns the host and port of a URL, as in `example.org:21`.
pub(super) fn server_name(url: &FtpUrl) -> String {
    let host = url.host();
    let name = host.name.to_ascii_lowercase();
    let port = host.port.unwrap_or(if url.scheme() == Scheme::Ftps { 990 } else { 21 });
    if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") }
}

fn text_of(pin: &Fingerprint) -> String {
    pin.0.iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hosts_are_found_by_host_and_port() {
        let hex = "ab".repeat(32);
        let text = format!("# comment\n\nExample.org:21 sha256:{hex}\nexample.org:990 sha256:{hex}\n");
        let known = KnownHosts { path: None, entries: parse(&text).unwrap() };
        let count = |url: &str| known.of(&url.parse().unwrap()).count();

        assert_eq!(count("ftpes://example.org/x"), 1);
        assert_eq!(count("ftps://me@EXAMPLE.org/"), 1);
        assert_eq!(count("ftpes://example.org:2121/"), 0);
        assert_eq!(count("ftpes://other.org/"), 0);
        assert_eq!(line(&"ftpes://[::1]/".parse().unwrap(), &hex), format!("[::1]:21 sha256:{hex}"));
        assert_eq!(parse("a sha256:ab\n").unwrap_err(), 1);
        assert_eq!(parse("\nexample.org:21\n").unwrap_err(), 2);
    }
}
