//! Transfers of files and whole trees: downloads, uploads, removal.
//!
//! The [`scheduler`] processes the queue of a tree with one or several sessions, each of which is driven by a worker.
//! It calls a job handler for each directory and file: [`download::tree`] or [`upload::tree`]. A single file is
//! transferred by [`download::file`] or [`upload::file`]. [`options`] contains the options that all of them share.
//! Nothing here recurses, so that a deep tree cannot exhaust the stack.

pub(crate) mod ascii;
pub(crate) mod backup;
pub(crate) mod block_io;
pub(crate) mod copy;
pub(crate) mod download;
pub(crate) mod file_progress;
pub(crate) mod final_name;
pub(crate) mod fxp;
pub(crate) mod local_path;
pub(crate) mod name_collisions;
pub(crate) mod options;
pub(crate) mod partial_name;
pub(crate) mod preserve;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod resume;
pub(crate) mod scheduler;
mod server_copy;
pub(crate) mod server_to_server;
pub(crate) mod source_removal;
pub(crate) mod stored_name;
pub(crate) mod symlink;
pub(crate) mod upload;
pub(crate) mod verify;

pub use self::backup::Backup;
pub use self::download::Download;
pub use self::options::{Connections, Existing, Order, Verify};
pub use self::partial_name::{PART_SUFFIX, is_reserved_name, new_partial_name};
pub use self::server_copy::ServerCopy;
pub use self::symlink::Links;
pub use self::upload::Upload;
