//! URLs of the command line: what is wrong with a word that is none, and what it may have been meant to be.

use oxftp::{FtpUrl, UrlError};

use crate::{
    args::without_password,
    failure::{Failure, Result},
};

/// Reads a URL; the error leaves out whatever may be a password.
pub(crate) fn url(word: &str) -> Result<FtpUrl> {
    if let Some(name) = word.strip_prefix('@') {
        let name = name.split('/').next().unwrap_or_default().to_owned();
        return Err(Failure::NoBookmark { name });
    }
    word.parse().map_err(|error: UrlError| Failure::Advised {
        what: format!("the URL {:?} cannot be used: {}", without_password(word), error.why),
        hint: advice(word),
    })
}

/// Reads all URLs before anything is done with the first.
pub(crate) fn urls(words: &[String]) -> Result<Vec<FtpUrl>> {
    words.iter().map(|word| url(word)).collect()
}

fn advice(word: &str) -> String {
    let scheme = word.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let advice = match scheme.as_deref() {
        None if word.is_empty() => "a URL is ftp://host/path, or ftpes://host/path with TLS",
        None => {
            let word = without_password(&format!("ftp://{word}"));
            return format!("{word} is plain FTP; ftpes:// in its place is FTP with TLS");
        }
        Some("sftp" | "ssh" | "scp") => "SFTP is a part of SSH and another protocol than FTP: sftp speaks it",
        Some("http" | "https") => "for HTTP there is curl; ftp://, ftpes:// and ftps:// are FTP",
        Some("ftpe" | "ftptls" | "ftp+tls" | "ftp+ssl") => "FTP with TLS is ftpes://, or ftps:// on port 990",
        Some(_) => "a URL is scheme://[user[:password]@]host[:port]/path",
    };
    advice.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_told_what_would_be_one() {
        assert!(advice("me:secret@h/x").starts_with("ftp://me@h/x is plain FTP; ftpes://"));
        assert!(advice("sftp://h/x").contains("SSH"));
        assert!(advice("https://h/x").contains("curl"));
        assert!(advice("ftp://h:x/").contains("[:port]"));
        assert!(advice("").contains("ftp://host/path"));
    }
}
