//! Uploads and downloads of files and trees.

mod allocate;
mod ascii;
mod backups;
mod concurrent_trees;
mod continued_files;
mod counts;
mod failed_resumes;
mod false_sizes;
mod local_symlinks;
mod local_timeout;
pub(crate) mod name_collisions;
mod partial_files;
mod permissions;
mod pipelining;
mod progress;
mod ranges;
mod remote_hash;
mod resume;
mod resume_checks;
mod resumed_uploads;
mod simultaneous_downloads;
mod stou;
mod streams;
mod temporary_names;
mod trees;
mod uploaded_sizes;
mod verify;
