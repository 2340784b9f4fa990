//! How files are opened and directories made.

/// How [`PathIo::open`](super::PathIo::open) opens a file.
///
/// | mode | `fopen` | if the file is there | if it is missing |
/// |---|---|---|---|
/// | `Read` | `rb` | read from the start | [`NotFound`](std::io::ErrorKind::NotFound) |
/// | `Write` | `wb` | emptied | made |
/// | `CreateNew` | `xb` | [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) | made |
/// | `CreatePrivate` | | [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) | made |
/// | `Append` | `ab` | every write goes to the end | made |
/// | `Update` | `r+b` | read and write, content kept | [`NotFound`](std::io::ErrorKind::NotFound) |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpenMode {
    /// Reads a file that is there.
    Read,
    /// Writes a file from its start, emptying what is there.
    Write,
    /// Writes a file that is not there yet. A link counts as there, wherever it leads.
    CreateNew,
    /// As `CreateNew`; nobody but its owner may open the file until it is [finished](super::PathIo::finish), where
    /// there are permissions.
    CreatePrivate,
    /// Writes at the end of a file, whatever was sought.
    Append,
    /// Reads and writes a file that is there, from its start, keeping what is not overwritten.
    Update,
}

impl OpenMode {
    /// Tells whether the file can be read.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Update)
    }

    /// Tells whether the file can be written.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }

    /// Tells whether a missing file is made.
    #[must_use]
    pub const fn creates(self) -> bool {
        matches!(self, Self::Write | Self::CreateNew | Self::CreatePrivate | Self::Append)
    }

    /// Tells whether a file that is there is an error.
    #[must_use]
    pub const fn is_exclusive(self) -> bool {
        matches!(self, Self::CreateNew | Self::CreatePrivate)
    }
}

/// What [`PathIo::mkdir`](super::PathIo::mkdir) puts up with; nothing by default.
///
/// ```
/// use oxftp::path_io::MkdirOptions;
///
/// let strict = MkdirOptions::default();
/// assert_eq!(strict, MkdirOptions { parents: false, exist_ok: false });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MkdirOptions {
    /// Makes missing parents. Parents that are there are never an error.
    pub parents: bool,
    /// Is content with a directory that is already there. A file there stays an error.
    pub exist_ok: bool,
}
