//! Helpers that commands share.

pub(crate) mod concurrent;
pub(crate) mod destination;
pub(crate) mod diagnose;
pub(crate) mod empty_listing;
pub(crate) mod entry;
pub(crate) mod existing;
pub(crate) mod listed_paths;
pub(crate) mod local_glob;
pub(crate) mod lock;
pub(crate) mod operands;
pub(crate) mod range;
pub(crate) mod rename_rule;
pub(crate) mod same_names;
pub(crate) mod selector;
pub(crate) mod sources;
pub(crate) mod stability;
pub(crate) mod stdin;
pub(crate) mod stdout;
pub(crate) mod summary;
pub(crate) mod sums;
pub(crate) mod url_glob;
pub(crate) mod walk;
