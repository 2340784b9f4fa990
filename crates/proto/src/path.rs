//! Paths on the server.

use std::{borrow::Cow, convert::Infallible, fmt, str::FromStr, sync::Arc};

use crate::{Encoding, FileName, wire_text::WireText};

/// Path on the server, with `/` between its components.
///
/// A path made from text is encoded in the session's encoding when it is sent. A path that contains a name
/// which did not decode keeps the server's bytes, so that every listed file can be downloaded, renamed and
/// deleted. The empty path is the working directory.
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
pub struct RemotePath(WireText);

impl RemotePath {
    /// Creates a path from bytes that a server sent. It is text if the bytes are UTF-8 or decode without
    /// loss, and is sent back to the server unchanged.
    #[must_use]
    pub fn from_wire(bytes: &[u8], encoding: Encoding) -> Self {
        Self(WireText::from_wire(bytes, encoding))
    }

    /// Returns the path as the server spells it, or `None` when a character does not exist in `encoding`.
    #[must_use]
    pub fn to_wire(&self, encoding: Encoding) -> Option<Cow<'_, [u8]>> {
        self.0.to_wire(encoding)
    }

    /// Returns the path as text, or `None` if it does not decode.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// Returns the path as text for display; invalid sequences become U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        self.0.to_string_lossy()
    }

    /// Returns the bytes: UTF-8 if the path is text, else those of the server.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns whether the path is absolute.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.as_bytes().starts_with(b"/")
    }

    /// Returns whether the path is empty, which means the working directory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Appends one name.
    ///
    /// A name that is not text turns the whole path into bytes; the text before it is encoded as UTF-8 (see
    /// [`RemotePath::join_in`] for other encodings).
    #[must_use]
    pub fn join(&self, name: &FileName) -> Self {
        self.joined(name.wire_text())
    }

    /// Appends one name like [`join`](Self::join), but encodes text in `encoding` where text and bytes are
    /// combined.
    #[must_use]
    pub fn join_in(&self, name: &FileName, encoding: Encoding) -> Self {
        let name = name.wire_text();
        if self.0.is_raw() == name.is_raw() {
            return self.joined(name);
        }
        match (self.to_wire(encoding), name.to_wire(encoding)) {
            (Some(path), Some(name)) => Self(WireText::raw(&*path)).joined(&WireText::raw(&*name)),
            _ => self.joined(name),
        }
    }

    /// Appends a relative path. An absolute path replaces this one.
    #[must_use]
    pub fn join_path(&self, path: &Self) -> Self {
        if path.is_absolute() {
            return path.clone();
        }
        self.joined(&path.0)
    }

    /// Returns the path without its last component, or `None` for the root and for the empty path.
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
        Some(self.rebuilt(bytes))
    }

    /// Returns the steps that lead to this path one after the other: the root of an absolute path, then each component.
    ///
    /// ```
    /// use oxftp_proto::RemotePath;
    ///
    /// let steps: Vec<_> = RemotePath::from("/pub//new/").steps().collect();
    /// assert_eq!(steps, ["/".into(), "pub".into(), "new".into()]);
    /// ```
    pub fn steps(&self) -> impl Iterator<Item = Self> {
        let root = self.is_absolute().then(|| Self::from("/"));
        let names = self.as_bytes().split(|byte| *byte == b'/').filter(|name| !name.is_empty());
        root.into_iter().chain(names.map(|name| self.rebuilt(name)))
    }

    /// Returns the last component, or `None` for the root, the empty path, and a path that ends in `.` or
    /// `..`.
    #[must_use]
    pub fn file_name(&self) -> Option<FileName> {
        let last = self.trimmed().rsplit(|&byte| byte == b'/').next()?;
        FileName::checked(self.0.rebuilt(last)).ok()
    }

    /// Creates a path from other bytes, which are text if this path is text.
    pub(crate) fn rebuilt(&self, bytes: impl Into<Box<[u8]>>) -> Self {
        Self(self.0.rebuilt(bytes))
    }

    /// Appends bytes of `name` without a separator in between.
    pub(crate) fn spliced(&self, bytes: Vec<u8>, name: &FileName) -> Self {
        Self(self.0.combined(name.wire_text(), bytes))
    }

    /// Returns whether the path names an entry of a directory, and not the root, the directory that it starts from or
    /// one above that: `a/..`, `.`, `../..`, `/` and the empty path do not.
    ///
    /// ```
    /// use oxftp_proto::RemotePath;
    ///
    /// assert!(RemotePath::from("a/../b").names_entry());
    /// assert!(!RemotePath::from("b/./..//").names_entry());
    /// ```
    #[must_use]
    pub fn names_entry(&self) -> bool {
        let mut names = 0_usize;
        let mut ends_in_name = false;
        for component in self.as_bytes().split(|&byte| byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => {
                    names = names.saturating_sub(1);
                    ends_in_name = names > 0;
                }
                _ => {
                    names += 1;
                    ends_in_name = true;
                }
            }
        }
        ends_in_name
    }

    fn trimmed(&self) -> &[u8] {
        match trim_slashes(self.as_bytes()) {
            b"/" => &[],
            trimmed => trimmed,
        }
    }

    fn joined(&self, name: &WireText) -> Self {
        let path = self.as_bytes();
        let separator: &[u8] = if path.is_empty() || path.ends_with(b"/") { b"" } else { b"/" };
        Self(self.0.combined(name, [path, separator, name.as_bytes()].concat()))
    }
}

impl From<String> for RemotePath {
    fn from(text: String) -> Self {
        Self(WireText::text(text))
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

impl From<Cow<'_, str>> for RemotePath {
    fn from(path: Cow<'_, str>) -> Self {
        path.into_owned().into()
    }
}

impl From<Box<str>> for RemotePath {
    fn from(path: Box<str>) -> Self {
        String::from(path).into()
    }
}

impl From<Arc<str>> for RemotePath {
    fn from(path: Arc<str>) -> Self {
        (*path).into()
    }
}

impl FromStr for RemotePath {
    type Err = Infallible;

    fn from_str(path: &str) -> Result<Self, Infallible> {
        Ok(path.into())
    }
}

impl From<&FileName> for RemotePath {
    fn from(name: &FileName) -> Self {
        Self(name.wire_text().clone())
    }
}

impl From<FileName> for RemotePath {
    fn from(name: FileName) -> Self {
        Self::from(&name)
    }
}

impl fmt::Debug for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemotePath({:?})", self.0)
    }
}

/// Writes the path as text with control characters escaped, so that it is safe on a terminal.
impl fmt::Display for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
    fn join_adds_exactly_one_slash() {
        assert_eq!(RemotePath::from("").join(&name("a")), "a".into());
        assert_eq!(RemotePath::from("/").join(&name("a")), "/a".into());
        assert_eq!(RemotePath::from("d/").join(&name("a")), "d/a".into());
        assert_eq!(RemotePath::from("d").join(&name("a")), "d/a".into());
        assert_eq!(RemotePath::from("d").join_path(&"/abs".into()), "/abs".into());
    }

    #[test]
    fn parents_end_at_root_and_empty_path() {
        let parent = |path: &str| RemotePath::from(path).parent().map(|parent| parent.to_string());

        assert_eq!(parent("/a/b"), Some("/a".into()));
        assert_eq!(parent("/a"), Some("/".into()));
        assert_eq!(parent("a/b/"), Some("a".into()));
        assert_eq!(parent("a"), Some(String::new()));
        assert_eq!(parent("/"), None);
        assert_eq!(parent(""), None);
    }

    #[test]
    fn root_and_working_directory_are_no_entry() {
        for path in [
            "",
            "/",
            "//",
            ".",
            "./",
            "..",
            "../..",
            "a/..",
            "a/../",
            "/a/..",
            "/..",
            "a/../.",
            "a/b/../..",
            "../a/..",
        ] {
            assert!(!RemotePath::from(path).names_entry(), "{path}");
        }
        for path in ["a", "/a", "a/", "a/.", "../a", "a/../../b", "/../a", "a/b/..", "...", " "] {
            assert!(RemotePath::from(path).names_entry(), "{path}");
        }
    }

    #[test]
    fn path_ending_in_dots_has_no_name() {
        assert_eq!(RemotePath::from("a/..").file_name(), None);
        assert_eq!(RemotePath::from("/").file_name(), None);
        assert_eq!(RemotePath::from("a/b/").file_name(), Some(name("b")));
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn text_is_encoded_and_bytes_are_kept() {
        let latin1: Encoding = "latin1".parse().unwrap();
        let text = RemotePath::from("Käse");
        let bytes = RemotePath::from_wire(b"K\xe4se", Encoding::UTF_8);

        assert_eq!(text.to_wire(latin1).unwrap().as_ref(), b"K\xe4se");
        assert_eq!(bytes.to_wire(Encoding::UTF_8).unwrap().as_ref(), b"K\xe4se");
        assert_eq!(RemotePath::from("日").to_wire(latin1), None);
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn joined_text_uses_the_session_encoding() {
        let gbk: Encoding = "gbk".parse().unwrap();
        let directory = RemotePath::from("中");
        let undecodable = FileName::from_wire(b"\xff\xfe", gbk).unwrap();

        let path = directory.join_in(&undecodable, gbk);

        assert_eq!(path.to_wire(gbk).unwrap().as_ref(), b"\xd6\xd0/\xff\xfe");
        assert_eq!(directory.join_in(&name("文"), gbk).as_str(), Some("中/文"));
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn path_of_a_name_keeps_its_encoding() {
        let latin1: Encoding = "latin1".parse().unwrap();
        for wire in ["Käse".as_bytes(), b"K\xe4se"] {
            let name = FileName::from_wire(wire, latin1).unwrap();
            assert_eq!(RemotePath::from(name).to_wire(latin1).unwrap().as_ref(), wire);
        }
    }
}
