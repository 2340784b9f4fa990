//! Detection of a path style.

use super::{PathStyle, native};
use crate::RemotePath;

/// The server's replies so far that show the style of its paths.
///
/// ```
/// use oxftp_proto::{PathStyleHints, PathStyle};
///
/// let directory = "'ANN.'".into();
/// let hints = PathStyleHints { directory: Some(&directory), ..PathStyleHints::default() };
/// assert_eq!(hints.style(), Some(PathStyle::Mvs));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct PathStyleHints<'a> {
    /// The greeting.
    pub greeting: &'a str,
    /// The reply to `SYST`.
    pub system: Option<&'a str>,
    /// The path in a reply to `PWD`.
    pub directory: Option<&'a RemotePath>,
}

impl PathStyleHints<'_> {
    /// Returns the style; `None` while nothing is known.
    ///
    /// The reply to `PWD` counts most. A path with slashes is a POSIX path, except on z/OS, which has both kinds.
    #[must_use]
    pub fn style(&self) -> Option<PathStyle> {
        let named = self.named_system();
        let Some(directory) = self.directory.filter(|directory| !directory.is_empty()) else { return named };
        let bytes = directory.as_bytes();
        if bytes.starts_with(b"/") {
            let is_mvs = named == Some(PathStyle::Mvs);
            return Some(if is_mvs { PathStyle::Mvs } else { PathStyle::Posix });
        }
        let native = NATIVE.iter().copied().find(|style| style.starts_natively(bytes));
        // A reply without a slash comes only from an unknown system or one with its own spelling.
        native.or(named).or(Some(PathStyle::RelativeOnly))
    }

    fn named_system(&self) -> Option<PathStyle> {
        let texts = [self.system.unwrap_or_default(), self.greeting].map(str::to_ascii_lowercase);
        let says = |words: &&str| texts.iter().any(|text| native::contains_words(text, words));
        SYSTEMS.iter().find(|(_, words)| words.iter().any(says)).map(|(style, _)| *style)
    }
}

const NATIVE: [PathStyle; 4] = [PathStyle::Mvs, PathStyle::Vms, PathStyle::NonStop, PathStyle::Windows];

/// Words of greetings and of replies to `SYST`, in lower case.
const SYSTEMS: [(PathStyle, &[&str]); 5] = [
    (PathStyle::Mvs, &["ibm ftp cs", "mvs", "z/os"]),
    (PathStyle::Vms, &["openvms", "vms", "multinet", "tcpware", "madgoat"]),
    (PathStyle::Os400, &["os/400", "qtcp", "as/400"]),
    (PathStyle::NonStop, &["nonstop", "tandem", "guardian"]),
    (PathStyle::Mpe, &["mpe/ix", "mpe xl", "mpe", "hp arpa ftp server"]),
];
