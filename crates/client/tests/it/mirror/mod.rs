//! Mirrors of directory trees.

mod deletions;
mod symlinks;
