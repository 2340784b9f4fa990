//! Files and whole trees, down, up and away.
//!
//! Each works through a queue and never by recursion. A [`walk`] goes through a tree with one session
//! or many, each of which is a [`lane`]; the [`queue`] says what is next, by [`order`], and [`tries`]
//! what is tried again. What one file needs is in [`fetch`] and [`store`]: the copying, the check, what
//! is kept of it ([`permissions`]), and the name it has until it is whole ([`part`], [`temporary`]). A
//! [`mirror`] goes through two trees at once.

mod anew;
mod attempt;
mod behind;
mod connections;
mod copy;
mod disk;
mod download;
mod fetch;
mod fetch_tree;
mod found;
mod governor;
mod growth;
mod lane;
mod local;
pub mod mirror;
mod order;
mod part;
mod permissions;
mod queue;
mod remove;
mod resumption;
mod segments;
mod small;
mod standby;
mod store;
mod store_tree;
mod temporary;
mod tries;
mod twins;
mod upload;
mod verify;
mod walk;

pub use connections::Connections;
pub use download::Download;
pub use order::Order;
pub use part::PART_SUFFIX;
pub(crate) use part::remote_part;
pub(crate) use temporary::put_in_place;
pub use upload::Upload;
pub use verify::Verify;

/// How many bytes are moved at once unless asked otherwise.
const BLOCK_SIZE: usize = 256 * 1024;

/// The smallest block that is worth a system call; smaller ones are not observable.
const SMALLEST_BLOCK: usize = 64 * 1024;

/// The largest block that is held in memory.
const LARGEST_BLOCK: usize = 4 * 1024 * 1024;

fn block_size(asked: usize) -> usize {
    asked.clamp(SMALLEST_BLOCK, LARGEST_BLOCK)
}
