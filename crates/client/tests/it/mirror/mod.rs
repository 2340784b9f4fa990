//! Mirrors of directory trees.

mod deletions;
mod other_names;
mod symlinks;
mod times;
