//! Mirrors of directory trees.

mod deletions;
mod options;
mod other_names;
mod server_copies;
mod sources;
mod symlinks;
mod times;
