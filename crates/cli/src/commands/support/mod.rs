//! Helpers that commands share.

pub(crate) mod concurrent;
pub(crate) mod destination;
pub(crate) mod diagnose;
pub(crate) mod empty_listing;
pub(crate) mod entry;
pub(crate) mod range;
pub(crate) mod same_names;
pub(crate) mod sources;
pub(crate) mod stdin;
pub(crate) mod stdout;
pub(crate) mod summary;
pub(crate) mod walk;
