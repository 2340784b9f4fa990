//! Options for opening files and creating directories.

/// The mode in which [`FileSystem::open`](super::FileSystem::open) opens a file.
///
/// | mode | `fopen` | if the file exists | if it is missing |
/// |---|---|---|---|
/// | `Read` | `rb` | reads from the start | [`NotFound`](std::io::ErrorKind::NotFound) |
/// | `Write` | `wb` | truncates it | creates it |
/// | `CreateNew` | `xb` | [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) | creates it |
/// | `CreatePrivate` | | [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) | creates it |
/// | `Append` | `ab` | writes at the end | creates it |
/// | `Update` | `r+b` | reads and writes, keeps the content | [`NotFound`](std::io::ErrorKind::NotFound) |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpenMode {
    /// Reads an existing file.
    Read,
    /// Writes a file from its start; truncates an existing file.
    Write,
    /// Creates and writes a new file. A symbolic link counts as an existing file, even a dangling one.
    CreateNew,
    /// As `CreateNew`. If the backend has permissions, only the owner may open the file until it is
    /// [committed](super::FileSystem::commit).
    CreatePrivate,
    /// Writes at the end of a file, regardless of seeks.
    Append,
    /// Reads and writes an existing file from its start; keeps bytes that are not overwritten.
    Update,
}

impl OpenMode {
    /// Returns whether the file can be read.
    ///
    /// ```
    /// use oxftp::local_fs::OpenMode;
    ///
    /// assert!(OpenMode::Read.reads());
    /// ```
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Update)
    }

    /// Returns whether the file can be written.
    ///
    /// ```
    /// use oxftp::local_fs::OpenMode;
    ///
    /// assert!(!OpenMode::Read.writes());
    /// ```
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }

    /// Returns whether a missing file is created.
    ///
    /// ```
    /// use oxftp::local_fs::OpenMode;
    ///
    /// assert!(!OpenMode::Read.creates());
    /// ```
    #[must_use]
    pub const fn creates(self) -> bool {
        matches!(self, Self::Write | Self::CreateNew | Self::CreatePrivate | Self::Append)
    }

    /// Returns whether an existing file is an error.
    ///
    /// ```
    /// use oxftp::local_fs::OpenMode;
    ///
    /// assert!(!OpenMode::Read.is_exclusive());
    /// ```
    #[must_use]
    pub const fn is_exclusive(self) -> bool {
        matches!(self, Self::CreateNew | Self::CreatePrivate)
    }
}

/// Options of [`FileSystem::create_dir`](super::FileSystem::create_dir). By default, the parent must exist and the directory must not.
///
/// ```
/// use oxftp::local_fs::CreateDirOptions;
///
/// let strict = CreateDirOptions::default();
/// assert_eq!(strict, CreateDirOptions { parents: false, exist_ok: false });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CreateDirOptions {
    /// Creates missing parents. Existing parents are never an error.
    pub parents: bool,
    /// Accepts an existing directory. An existing file is still an error.
    pub exist_ok: bool,
}
