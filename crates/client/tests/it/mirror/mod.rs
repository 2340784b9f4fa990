//! Mirrors of directory trees.

mod deletions;
mod options;
mod other_names;
mod sources;
mod symlinks;
mod times;
