//! Files and whole trees, down, up and away.
//!
//! Each works through a queue and never by recursion. A [`scheduler`] goes through a tree with one session
//! or many, each of which is a [`worker`]; the [`queue`] says what is next, by [`order`], and [`budget`]
//! what is tried again. What one file needs is in [`fetch`] and [`store`]: the copying, the check, what
//! is kept of it ([`permissions`]), and the name it has until it is whole ([`part`], [`temporary`]). A
//! [`mirror`] goes through two trees at once.

pub(crate) mod ascii;
pub(crate) mod attempt;
pub(crate) mod block_io;
pub(crate) mod copy;
pub(crate) mod download;
pub(crate) mod fxp;
pub(crate) mod local_path;
pub(crate) mod name_collisions;
pub(crate) mod options;
pub(crate) mod partial_name;
pub(crate) mod preserve;
pub(crate) mod remove;
pub(crate) mod scheduler;
pub(crate) mod upload;
pub(crate) mod verify;

pub use self::download::Download;
pub use self::options::Connections;
pub use self::options::Order;
pub use self::partial_name::PART_SUFFIX;
pub(crate) use self::partial_name::remote_part;
pub use self::upload::Upload;
pub(crate) use self::upload::file::put_in_place;
pub use self::verify::Verify;

/// How many bytes are moved at once unless asked otherwise.
pub(crate) const BLOCK_SIZE: usize = 256 * 1024;

/// The smallest block that is worth a system call; smaller ones are not observable.
pub(crate) const SMALLEST_BLOCK: usize = 64 * 1024;

/// The largest block that is held in memory.
const LARGEST_BLOCK: usize = 4 * 1024 * 1024;

pub(crate) fn block_size(asked: usize) -> usize {
    asked.clamp(SMALLEST_BLOCK, LARGEST_BLOCK)
}
