//! Listings of directories and trees.

mod cyclic_trees;
mod entries;
mod incomplete_listings;
mod server_quirks;
