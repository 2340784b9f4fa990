//! Preallocation of disk space.

use std::io;

/// Extends a file, and reserves disk space for it if the file system can.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(file: &std::fs::File, length: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::Errno,
    };

    match fallocate(file, FallocateFlags::empty(), 0, length) {
        // Not supported by every file system.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => lengthen(file, length),
        outcome => Ok(outcome?),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve(file: &std::fs::File, length: u64) -> io::Result<()> {
    lengthen(file, length)
}

fn lengthen(file: &std::fs::File, length: u64) -> io::Result<()> {
    if file.metadata()?.len() < length { file.set_len(length) } else { Ok(()) }
}
