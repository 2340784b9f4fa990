//! Replies with the path of a directory, to `PWD` and `MKD`.

use crate::{Encoding, RemotePath, Reply, path_style};

/// Reads the path in a reply to `PWD` or `MKD`: from the first quote to the next one that is not doubled (RFC
/// 959, appendix II).
///
/// Pure-FTPd and others do not double quotes. If the path would end within a word, it extends to the last
/// quote of the line instead. Where nothing is quoted, a text that begins like an absolute path counts. `None` when
/// the reply contains no path.
///
/// ```
/// use oxftp_proto::{Encoding, parse_directory};
///
/// let path = parse_directory(br#""/say ""hi""" is the current directory"#, Encoding::UTF_8);
/// assert_eq!(path, Some(r#"/say "hi""#.into()));
/// let path = parse_directory(b"/pub is the current directory", Encoding::UTF_8);
/// assert_eq!(path, Some("/pub".into()));
/// ```
#[must_use]
pub fn parse_directory(line: &[u8], encoding: Encoding) -> Option<RemotePath> {
    let path = match memchr::memchr(b'"', line) {
        Some(open) => {
            let quoted = line.get(open + 1..)?;
            match until_single_quote(quoted) {
                Some((path, [] | [b' ' | b'.' | b',' | b'\t', ..])) => path,
                _ => quoted.get(..memchr::memrchr(b'"', quoted)?)?.to_vec(),
            }
        }
        None => unquoted_path(line)?.to_vec(),
    };
    Some(RemotePath::from_wire(&path, encoding))
}

/// Finds an absolute path of any style in a line without double quotes.
fn unquoted_path(line: &[u8]) -> Option<&[u8]> {
    let is_start = |at: &usize| at.checked_sub(1).is_none_or(|before| line.get(before) == Some(&b' '));
    let path = (0..line.len()).filter(is_start).filter_map(|at| line.get(at..)).find(|rest| {
        let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        path_style::looks_absolute(word)
    })?;
    let end = [&b" is "[..], b" as "].iter().filter_map(|after| memchr::memmem::find(path, after)).min();
    let path = path.get(..end.unwrap_or(path.len()))?.trim_ascii_end();
    let path = path.strip_suffix(b".").filter(|path| !path.is_empty()).unwrap_or(path);
    // Single quotes belong to the names of z/OS only.
    let in_quotes = path.strip_prefix(b"'").and_then(|path| path.strip_suffix(b"'"));
    Some(in_quotes.filter(|path| path_style::looks_absolute(path)).unwrap_or(path))
}

/// Reads up to a quote that is not doubled, and returns the text before and after it.
fn until_single_quote(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut path = Vec::new();
    loop {
        let quote = memchr::memchr(b'"', rest)?;
        path.extend_from_slice(rest.get(..quote)?);
        rest = rest.get(quote + 1..)?;
        let Some(after) = rest.strip_prefix(b"\"") else { return Some((path, rest)) };
        path.push(b'"');
        rest = after;
    }
}

impl Reply {
    /// Reads the path in this reply to `PWD` or `MKD`, as [`parse_directory`] does.
    #[must_use]
    pub fn directory(&self, encoding: Encoding) -> Option<RemotePath> {
        self.lines().last().and_then(|line| parse_directory(line, encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_reply_is_parsed_like_aioftp() {
        let parse =
            |line: &str| parse_directory(line.as_bytes(), Encoding::UTF_8).map(|path| path.to_string());

        assert_eq!(parse(r#""/" is current directory."#), Some("/".into()));
        assert_eq!(parse(r#""a ""b"" c""#), Some(r#"a "b" c"#.into()));
        assert_eq!(parse(r#"""""#), Some(r#"""#.into()));
        assert_eq!(parse(r#""""#), Some(String::new()));
        assert_eq!(parse("no quotes"), None);
        assert_eq!(parse("QGPL"), None);
        assert_eq!(parse(r#""unclosed"#), None);
    }

    #[test]
    fn directory_reply_without_quotes_is_understood() {
        for (line, path) in [
            ("/home/ann is the current directory", "/home/ann"),
            ("/home/ann is", "/home/ann is"),
            ("/home/a b is current directory.", "/home/a b"),
            ("/home/ann", "/home/ann"),
            ("Current directory is /home/ann.", "/home/ann"),
            ("Working directory: / ", "/"),
            ("'/home/ann' is current directory", "/home/ann"),
            ("'ANN.' is working directory", "'ANN.'"),
            (r"C:\Users\ann is current directory", r"C:\Users\ann"),
            (r"Current directory is C:/pub", "C:/pub"),
            ("DISK$USER:[ANN.SRC] is default directory.", "DISK$USER:[ANN.SRC]"),
            (r"\NODE.$DATA1.ANN is current directory", r"\NODE.$DATA1.ANN"),
            ("%s1#d01>Sales is the current directory", "%s1#d01>Sales"),
        ] {
            let parsed = parse_directory(line.as_bytes(), Encoding::UTF_8);
            assert_eq!(parsed, Some(path.into()), "{line}");
        }
    }

    #[test]
    fn undoubled_quotes_belong_to_the_path() {
        let parse =
            |line: &str| parse_directory(line.as_bytes(), Encoding::UTF_8).map(|path| path.to_string());

        assert_eq!(parse(r#""/in "quotes"" is your current location"#), Some(r#"/in "quotes""#.into()));
        assert_eq!(parse(r#""/a"b" is here"#), Some(r#"/a"b"#.into()));
    }
}
