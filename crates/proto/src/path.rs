//! Paths on the server.

use std::{borrow::Cow, fmt};

use crate::{Encoding, FileName, Reply, escape::write_escaped};

/// A path on the server, `/` between its components.
///
/// A path made of text is spelled in the session's encoding when it is sent. A path that holds a
/// name which did not decode keeps the server's own bytes, so that whatever was listed can be
/// fetched, renamed and deleted. The empty path is the working directory.
///
/// ```
/// use oxftp_proto::{FileName, RemotePath};
///
/// let path = RemotePath::from("/pub").join(&FileName::new("read me")?);
/// assert_eq!(path.to_string(), "/pub/read me");
/// assert_eq!(path.parent(), Some("/pub".into()));
/// # Ok::<(), oxftp_proto::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RemotePath {
    bytes: Vec<u8>,
    /// True when `bytes` go to the server as they are, whatever the encoding; never for plain ASCII.
    wire: bool,
}

impl RemotePath {
    /// Makes a path of the bytes that a server sent; they are text if they are UTF-8 or decode
    /// losslessly, and go back to the server as they came.
    #[must_use]
    pub fn from_wire(bytes: &[u8], encoding: Encoding) -> Self {
        match encoding.decode(bytes) {
            Some(text) if !encoding.is_foreign_utf8(bytes) => Self::from(text.into_owned()),
            _ => Self { bytes: bytes.to_vec(), wire: true },
        }
    }

    /// Spells the path as the server does, or `None` when a character has no form in `encoding`.
    #[must_use]
    pub fn to_wire(&self, encoding: Encoding) -> Option<Cow<'_, [u8]>> {
        match self.as_str() {
            Some(text) if !self.wire => encoding.encode(text),
            _ => Some(Cow::Borrowed(&self.bytes)),
        }
    }

    /// Gives the path as text, or `None` where it does not decode.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Gives the path as text for showing, with U+FFFD for what does not decode.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Gives the bytes: UTF-8 where the path is text, else those of the server.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Tells whether the path starts at the root.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.bytes.starts_with(b"/")
    }

    /// Tells whether the path is empty, which is the working directory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends one name.
    ///
    /// A name that is no text makes the whole path bytes; the text before it is then taken as
    /// UTF-8 (see [`RemotePath::join_in`] for other encodings).
    #[must_use]
    pub fn join(&self, name: &FileName) -> Self {
        self.join_bytes(&name.bytes, name.wire)
    }

    /// Appends one name as [`join`](Self::join) does, but spells text in `encoding` where text and
    /// bytes meet.
    #[must_use]
    pub fn join_in(&self, name: &FileName, encoding: Encoding) -> Self {
        let name = Self::from(name);
        if self.wire == name.wire {
            return self.join_bytes(&name.bytes, name.wire);
        }
        match (self.to_wire(encoding), name.to_wire(encoding)) {
            (Some(path), Some(name)) => Self { bytes: path.into_owned(), wire: true }.join_bytes(&name, true),
            _ => self.join_bytes(&name.bytes, true),
        }
    }

    /// Appends a relative path; an absolute one takes the place of this one.
    #[must_use]
    pub fn join_path(&self, path: &Self) -> Self {
        if path.is_absolute() {
            return path.clone();
        }
        self.join_bytes(&path.bytes, path.wire)
    }

    /// Gives the path without its last component, `None` for the root and for the empty path.
    ///
    /// The parent of `name` is the empty path.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let trimmed = self.trimmed();
        if trimmed.is_empty() {
            return None;
        }
        let bytes = match trimmed.iter().rposition(|&byte| byte == b'/') {
            Some(0) => b"/",
            Some(slash) => trim_slashes(trimmed.get(..slash).unwrap_or_default()),
            None => &[],
        };
        Some(Self { bytes: bytes.to_vec(), wire: self.wire }.normalised())
    }

    /// Gives the last component, `None` for the root, the empty path, and a path that ends in
    /// `.` or `..`.
    #[must_use]
    pub fn file_name(&self) -> Option<FileName> {
        let last = self.trimmed().rsplit(|&byte| byte == b'/').next()?;
        FileName::checked(last, self.wire).ok()
    }

    fn trimmed(&self) -> &[u8] {
        match trim_slashes(&self.bytes) {
            b"/" => &[],
            trimmed => trimmed,
        }
    }

    fn join_bytes(&self, bytes: &[u8], wire: bool) -> Self {
        let mut joined = self.bytes.clone();
        if !joined.is_empty() && !joined.ends_with(b"/") {
            joined.push(b'/');
        }
        joined.extend_from_slice(bytes);
        Self { bytes: joined, wire: self.wire || wire }
    }

    fn normalised(mut self) -> Self {
        self.wire &= !self.bytes.is_ascii();
        self
    }
}

impl From<String> for RemotePath {
    fn from(text: String) -> Self {
        Self { bytes: text.into_bytes(), wire: false }
    }
}

impl From<&str> for RemotePath {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for RemotePath {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&Self> for RemotePath {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl From<&FileName> for RemotePath {
    fn from(name: &FileName) -> Self {
        Self { bytes: name.bytes.to_vec(), wire: name.wire }
    }
}

impl From<FileName> for RemotePath {
    fn from(name: FileName) -> Self {
        Self::from(&name)
    }
}

impl fmt::Debug for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemotePath(\"{}\")", self.bytes.escape_ascii())
    }
}

/// Shows the path as text with control characters escaped, so that it is safe on a terminal.
impl fmt::Display for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.to_string_lossy())
    }
}

/// Reads the path in a reply to `PWD` or `MKD`: between the first quote and the next that is not
/// doubled (RFC 959, appendix II).
///
/// Pure-FTPd and others do not double quotes. Where a path would end within a word, it goes up to
/// the last quote of the line instead. `None` when the reply holds no quoted path.
///
/// ```
/// use oxftp_proto::{Encoding, parse_directory};
///
/// let path = parse_directory(br#""/say ""hi""" is the current directory"#, Encoding::UTF_8);
/// assert_eq!(path, Some(r#"/say "hi""#.into()));
/// ```
#[must_use]
pub fn parse_directory(line: &[u8], encoding: Encoding) -> Option<RemotePath> {
    let quoted = line.get(memchr::memchr(b'"', line)? + 1..)?;
    let path = match until_single_quote(quoted) {
        Some((path, [] | [b' ' | b'.' | b',' | b'\t', ..])) => path,
        _ => quoted.get(..memchr::memrchr(b'"', quoted)?)?.to_vec(),
    };
    Some(RemotePath::from_wire(&path, encoding))
}

/// Reads up to a quote that is not doubled; gives what stands before and behind it.
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
    /// Reads the path that this reply to `PWD` or `MKD` names, as [`parse_directory`] does.
    #[must_use]
    pub fn directory(&self, encoding: Encoding) -> Option<RemotePath> {
        self.lines().last().and_then(|line| parse_directory(line, encoding))
    }
}

fn trim_slashes(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b'/'] = bytes {
        if rest.is_empty() {
            break;
        }
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::new(text).unwrap()
    }

    #[test]
    fn joining_puts_one_slash_between() {
        assert_eq!(RemotePath::from("").join(&name("a")), "a".into());
        assert_eq!(RemotePath::from("/").join(&name("a")), "/a".into());
        assert_eq!(RemotePath::from("d/").join(&name("a")), "d/a".into());
        assert_eq!(RemotePath::from("d").join(&name("a")), "d/a".into());
        assert_eq!(RemotePath::from("d").join_path(&"/abs".into()), "/abs".into());
    }

    #[test]
    fn parents_end_at_the_root_and_at_the_working_directory() {
        let parent = |path: &str| RemotePath::from(path).parent().map(|parent| parent.to_string());

        assert_eq!(parent("/a/b"), Some("/a".into()));
        assert_eq!(parent("/a"), Some("/".into()));
        assert_eq!(parent("a/b/"), Some("a".into()));
        assert_eq!(parent("a"), Some(String::new()));
        assert_eq!(parent("/"), None);
        assert_eq!(parent(""), None);
    }

    #[test]
    fn a_path_ending_in_dots_has_no_file_name() {
        assert_eq!(RemotePath::from("a/..").file_name(), None);
        assert_eq!(RemotePath::from("/").file_name(), None);
        assert_eq!(RemotePath::from("a/b/").file_name(), Some(name("b")));
    }

    #[test]
    fn text_is_spelled_in_the_sessions_encoding_and_bytes_are_kept() {
        let latin1: Encoding = "latin1".parse().unwrap();
        let text = RemotePath::from("Käse");
        let bytes = RemotePath::from_wire(b"K\xe4se", Encoding::UTF_8);

        assert_eq!(text.to_wire(latin1).unwrap().as_ref(), b"K\xe4se");
        assert_eq!(bytes.to_wire(Encoding::UTF_8).unwrap().as_ref(), b"K\xe4se");
        assert_eq!(RemotePath::from("日").to_wire(latin1), None);
    }

    #[test]
    fn text_and_bytes_meet_in_the_sessions_encoding() {
        let gbk: Encoding = "gbk".parse().unwrap();
        let directory = RemotePath::from("中");
        let undecodable = FileName::from_wire(b"\xff\xfe", gbk).unwrap();

        let path = directory.join_in(&undecodable, gbk);

        assert_eq!(path.to_wire(gbk).unwrap().as_ref(), b"\xd6\xd0/\xff\xfe");
        assert_eq!(directory.join_in(&name("文"), gbk).as_str(), Some("中/文"));
    }

    #[test]
    fn a_directory_reply_is_read_as_the_reference_reads_it() {
        let parse =
            |line: &str| parse_directory(line.as_bytes(), Encoding::UTF_8).map(|path| path.to_string());

        assert_eq!(parse(r#""/" is current directory."#), Some("/".into()));
        assert_eq!(parse(r#""a ""b"" c""#), Some(r#"a "b" c"#.into()));
        assert_eq!(parse(r#"""""#), Some(r#"""#.into()));
        assert_eq!(parse(r#""""#), Some(String::new()));
        assert_eq!(parse("no quotes"), None);
        assert_eq!(parse(r#""unclosed"#), None);
    }

    #[test]
    fn quotes_that_are_not_doubled_are_part_of_the_path() {
        let parse =
            |line: &str| parse_directory(line.as_bytes(), Encoding::UTF_8).map(|path| path.to_string());

        assert_eq!(parse(r#""/in "quotes"" is your current location"#), Some(r#"/in "quotes""#.into()));
        assert_eq!(parse(r#""/a"b" is here"#), Some(r#"/a"b"#.into()));
    }
}
