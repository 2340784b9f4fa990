//! URLs of the command line, with hints for words that are not URLs.

use oxftp::{FtpUrl, UrlError, redact_password};

use crate::failure::{Failure, Result};

/// Parses a URL; passwords are redacted in the error.
pub(crate) fn url(word: &str) -> Result<FtpUrl> {
    if let Some(name) = word.strip_prefix('@') {
        let name = redact_password(name.split('/').next().unwrap_or_default());
        return Err(Failure::NoBookmark { name });
    }
    word.parse().map_err(|error: UrlError| Failure::UsageWithHint {
        what: format!("the URL {:?} cannot be used: {}", redact_password(word), error.why),
        hint: advice(word),
    })
}

fn advice(word: &str) -> String {
    let scheme = word.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let advice = match scheme.as_deref() {
        None if word.is_empty() => "use ftp://host/path, or ftpes://host/path with TLS",
        None => {
            let word = redact_password(&format!("ftp://{word}"));
            return format!("use {word} for plain FTP, or ftpes:// for FTP with TLS");
        }
        Some("sftp" | "ssh" | "scp") => {
            "SFTP is part of SSH and a different protocol: use an SFTP client, such as sftp"
        }
        Some("http" | "https") => "use curl for HTTP; the schemes of FTP are ftp://, ftpes:// and ftps://",
        Some("ftpe" | "ftptls" | "ftp+tls" | "ftp+ssl") => {
            "use ftpes:// for FTP with TLS, or ftps:// on port 990"
        }
        Some(_) => "use scheme://[user[:password]@]host[:port]/path",
    };
    advice.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_url_has_a_hint() {
        assert!(advice("me:secret@h/x").starts_with("use ftp://me@h/x for plain FTP, or ftpes://"));
        assert!(advice("sftp://h/x").contains("SSH"));
        assert!(advice("https://h/x").contains("curl"));
        assert!(advice("ftp://h:x/").contains("[:port]"));
        assert!(advice("").contains("ftp://host/path"));
    }
}
