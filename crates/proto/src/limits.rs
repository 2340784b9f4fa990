//! Limits on everything that a server sends.

/// Limits on every quantity that a server decides.
///
/// Exceeding a limit is an error, never unbounded memory. The defaults are far above what normal servers
/// send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in one line of a reply. Defaults to 16 KiB.
    pub reply_line: usize,
    /// Bytes in one whole reply. Defaults to 256 KiB.
    pub reply_bytes: usize,
    /// Lines in one reply. Defaults to 4096.
    pub reply_lines: usize,
    /// Preliminary (1xx) replies in a row to one command. Defaults to 16.
    pub preliminary_replies: usize,
    /// Bytes in one line of a listing. Defaults to 64 KiB.
    pub listing_line: usize,
    /// Bytes in one listing, including lines that cannot be parsed. Defaults to 2 GiB.
    pub listing_bytes: usize,
    /// Entries that a listing collected in memory may have. Defaults to 10 million.
    pub listing_entries: usize,
    /// Bytes of memory that the entries of one collected listing may take. Defaults to 160 MiB, which is enough for about
    /// a million entries, and for more in downloads and mirrors, which need less of each.
    pub listing_memory: usize,
    /// Depth of directories in a recursive operation. Defaults to 100.
    pub directory_depth: usize,
    /// Directories in one tree. Defaults to 1 million.
    pub tree_directories: usize,
    /// Number of consecutive ancestors with the same listing (names, kinds, sizes and times) from which a tree counts
    /// as endless. This applies only to directories that contain two or more directories, and only after more than
    /// 1,000 directories were found in the tree. Defaults to 10; `usize::MAX` turns the check off.
    pub identical_ancestors: usize,
    /// Facts in one line of `MLSD` or `MLST`. Defaults to 256.
    pub facts: usize,
    /// Bytes that compressed data of unknown size may inflate to. Defaults to 16 GiB.
    pub inflated_bytes: u64,
    /// Bytes by which a download may exceed twice its listed size: the file may grow, and text is longer on the wire.
    /// Defaults to 1 GiB. A file listed as empty may have any size.
    pub grown_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply_line: 16 * 1024,
            reply_bytes: 256 * 1024,
            reply_lines: 4096,
            preliminary_replies: 16,
            listing_line: 64 * 1024,
            listing_bytes: 2 * 1024 * 1024 * 1024,
            listing_entries: 10_000_000,
            listing_memory: 160 * 1024 * 1024,
            directory_depth: 100,
            tree_directories: 1_000_000,
            identical_ancestors: 10,
            facts: 256,
            inflated_bytes: 16 << 30,
            grown_bytes: 1 << 30,
        }
    }
}
