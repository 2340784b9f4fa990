//! Space on the disk for what a file is to hold.

use std::io;

/// Makes a file longer, and has the file system keep the space for it where it can.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(file: &std::fs::File, length: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::Errno,
    };

    match fallocate(file, FallocateFlags::empty(), 0, length) {
        // Not every file system can.
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
