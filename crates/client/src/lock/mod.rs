//! Job locks: while one job holds the lock of a target, no other job starts.
//!
//! [`LocalLock`] excludes the other processes of this machine, and [`RemoteLock`] all clients of a server. Both are
//! advisory: they exclude only jobs that request the same lock. Transfers are safe without them; a lock prevents two
//! jobs from doing the same work.

mod local;
mod remote;

pub use self::local::LocalLock;
pub use self::remote::RemoteLock;

/// Suffix of the name of a [`RemoteLock`]'s directory on the server.
///
/// Trees that are transferred or mirrored leave such directories out, and mirrors never delete them.
pub const LOCK_SUFFIX: &str = ".oxftp.lock";

/// Returns whether a name of a directory is that of a lock.
pub(crate) fn is_lock(name: &[u8]) -> bool {
    name.ends_with(LOCK_SUFFIX.as_bytes())
}
