//! Making one tree like another: what differs, what is done about it, in which order.
//!
//! [`Mirror`] is what is asked for. An `item` is what stands on one side; a `filter` says what is left out,
//! `compare` and `moment` what is the same, and `plan` what is to be done in a directory. `side` lists
//! and changes either side, `run` carries plans out, a `job` is a file of them, `delivery` moves it,
//! `removal` deletes, and `sequel` is what is done when all files are there.
//! Directories are compared one by one, so that no tree is held in memory.

mod compare;
mod delete;
mod direction;
mod endpoint;
mod filter;
mod finalize;
mod job;
mod listing;
mod node;
mod options;
mod plan;
mod relative_path;
mod request;
mod root;
mod run;
mod server_clock;
mod server_to_server;
mod step;
mod symlink;
mod timestamps;
mod transfer;

pub use self::filter::{Filter, FilterError};
pub use self::options::{Compare, Delete, Links};
pub use self::request::Mirror;
pub use self::step::{Action, Reason, Step};
