//! Listings of directories and trees.

mod cyclic_trees;
mod entries;
mod incomplete_listings;
mod odd_servers;
mod server_quirks;
