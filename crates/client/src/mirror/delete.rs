//! Deletion of nodes at the target.

use std::{
    io,
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use oxftp_proto::Limits;

use super::{
    backups::MirrorBackups,
    endpoint::Endpoint,
    filter::Filter,
    node::{Node, NodeKind},
    relative_path::RelativePath,
    step::{Action, Reason, Step},
};
use crate::transfer::scheduler::retry::is_retryable;
use crate::{
    Error, Result,
    client::FollowUp,
    list::{AncestorChain, CycleDetector},
};

/// The time at which a mirror deletes entries that only the target has, if it deletes any.
///
/// Nothing is deleted in a directory whose listing, on either side, failed, was truncated, or contained a line or a
/// name that cannot be used. Entries that the filter excludes are kept, and so are the directories that contain
/// them.
///
/// With [`After`](Self::After), a directory in which something was stored is listed again first. Only entries that are
/// still listed beside all stored names are deleted: a server without case, for example, replaces `README` when it
/// receives `readme`. If a stored name is missing from that listing, nothing in the directory is deleted
/// ([`Error::StoredUnderOtherName`]).
///
/// ```no_run
/// use oxftp::mirror::Delete;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_down("/www", "backup").delete(Delete::After).max_deletions(100).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Delete {
    /// Never: the mirror only adds entries.
    #[default]
    Never,
    /// In each directory, before its files are transferred.
    Before,
    /// After all transfers; not at all if the mirror was stopped.
    After,
}

/// Counter of deletions, with an optional limit.
#[derive(Debug)]
pub(crate) struct DeletionBudget {
    limit: Option<u64>,
    deleted: AtomicU64,
    limit_reported: AtomicBool,
}

impl DeletionBudget {
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self { limit, deleted: AtomicU64::new(0), limit_reported: AtomicBool::new(false) }
    }

    /// Counts one more deletion; fails if the limit is reached.
    fn spend(&self) -> Result<()> {
        let limit = self.limit.unwrap_or(u64::MAX);
        let increment = |deleted: u64| (deleted < limit).then_some(deleted + 1);
        match self.deleted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, increment) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::TooManyDeletions { limit }),
        }
    }

    /// Takes back one deletion that was counted and failed.
    fn refund(&self) {
        self.deleted.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether this is the first call: the limit is reported once.
    fn should_report_limit(&self) -> bool {
        !self.limit_reported.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn deleted(&self) -> u64 {
        self.deleted.load(Ordering::Relaxed)
    }
}

/// Deletes nodes at the target.
pub(crate) struct Deletion<'a> {
    pub(crate) filter: &'a Filter,
    pub(crate) limits: &'a Limits,
    pub(crate) cycles: &'a CycleDetector,
    pub(crate) budget: &'a DeletionBudget,
    pub(crate) backups: &'a MirrorBackups,
    pub(crate) dry_run: bool,
    /// The number of times that a session that is lost to a deletion is opened again, to check whether the node is
    /// gone.
    pub(crate) reconnects: u32,
    /// Receives each deletion.
    pub(crate) on_step: &'a (dyn Fn(Step) + Sync),
    /// Receives the path of each node that could not be deleted, with the error.
    pub(crate) on_failure: &'a (dyn Fn(String, Error) + Sync),
}

impl Deletion<'_> {
    /// Deletes a node, a directory with its contents; returns whether it is gone.
    ///
    /// Transient errors are returned. All others are reported to `on_failure`.
    pub(crate) async fn delete(
        &self,
        endpoint: &mut Endpoint<'_>,
        path: &RelativePath,
        node: &Node,
        why: Reason,
    ) -> Result<bool> {
        if self.backups.protects(endpoint, path) {
            return Ok(false);
        }
        match &node.kind {
            NodeKind::Directory { .. } => {
                let gone = self.delete_tree(endpoint, path.clone(), AncestorChain::default(), why).await?;
                if !gone && why == Reason::InTheWay && self.backups.are_beside() {
                    let path = path.to_remote_path().to_string();
                    let why = "a directory with backups is in its place";
                    (self.on_failure)(path.clone(), Error::Skipped { path, why });
                }
                Ok(gone)
            }
            _ => self.delete_one(endpoint, path, Action::Delete, why).await,
        }
    }

    /// Deletes the contents of a directory, then the directory. The depth of the recursion is limited.
    fn delete_tree<'f>(
        &'f self,
        endpoint: &'f mut Endpoint<'_>,
        path: RelativePath,
        ancestors: AncestorChain,
        why: Reason,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'f>> {
        Box::pin(async move {
            let limit = self.limits.directory_depth;
            if path.depth() > limit {
                return self.report(&path, Error::Limit { what: "levels of directories", limit });
            }
            let limit = self.limits.tree_directories;
            if self.cycles.directories_found() > limit {
                return self.report(&path, Error::Limit { what: "directories in a tree", limit });
            }
            if self.cycles.predicts_cycle(&ancestors) {
                return Ok(false);
            }
            let listing = match endpoint.list(&path, self.limits, FollowUp::Nothing).await {
                Ok(listing) => listing,
                // Another client deleted it.
                Err(error) if is_gone(&error) => return Ok(true),
                Err(error) => return self.report(&path, error),
            };
            let Some(parent) = self.cycles.check(&ancestors, &listing.fingerprint) else {
                let error = Error::CyclicTree { path: path.to_remote_path().to_string() };
                return self.report(&path, error);
            };
            if !listing.is_complete() {
                for (name, error) in listing.failures {
                    (self.on_failure)(name, error);
                }
                return Ok(false);
            }
            let mut is_empty = true;
            for node in listing.nodes.iter() {
                let child = path.join(&node.name);
                let is_directory = node.kind.is_directory();
                if self.backups.protects(endpoint, &child) {
                    is_empty = false;
                    continue;
                }
                if !self.filter.is_empty() && !self.filter.accepts(&node.candidate(&child.to_text())) {
                    is_empty = false;
                    continue;
                }
                is_empty &= match is_directory {
                    true => {
                        let ancestors = AncestorChain::default().with_parent(&parent);
                        self.delete_tree(endpoint, child, ancestors, why).await?
                    }
                    false => {
                        self.delete_one(endpoint, &child, Action::Delete, why).await?
                            && !self.backups.are_beside()
                    }
                };
            }
            match is_empty {
                true => self.delete_one(endpoint, &path, Action::DeleteDirectory, why).await,
                false => Ok(false),
            }
        })
    }

    async fn delete_one(
        &self,
        endpoint: &mut Endpoint<'_>,
        path: &RelativePath,
        action: Action,
        why: Reason,
    ) -> Result<bool> {
        if let Err(error) = self.budget.spend() {
            if self.budget.should_report_limit() {
                (self.on_failure)(path.to_remote_path().to_string(), error);
            }
            return Ok(false);
        }
        let own_reconnects = endpoint.set_reconnects(self.reconnects);
        let outcome = match (self.dry_run, action) {
            (true, _) => Ok(()),
            (false, Action::DeleteDirectory) => endpoint.remove_dir(path).await,
            (false, _) => self.backups.remove_file(endpoint, path).await,
        };
        endpoint.set_reconnects(own_reconnects);
        match outcome {
            Ok(()) => {
                (self.on_step)(Step::new(action, path.to_remote_path(), why));
                Ok(true)
            }
            Err(error) => {
                self.budget.refund();
                // A download is writing this partial file.
                if let Error::InUse { .. } = error {
                    crate::trace::info!("{error}: it is not deleted");
                    return Ok(false);
                }
                // Another client or an earlier attempt deleted it.
                if is_gone(&error) { Ok(true) } else { self.report(path, error) }
            }
        }
    }

    /// Returns a transient error to the caller, which may retry, and reports any other.
    fn report(&self, path: &RelativePath, error: Error) -> Result<bool> {
        if is_retryable(&error) || error.is_connection_lost() {
            return Err(error);
        }
        (self.on_failure)(path.to_remote_path().to_string(), error);
        Ok(false)
    }
}

/// Returns whether the path does not exist any more.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::LocalFs(error) => error.kind() == io::ErrorKind::NotFound,
        _ => error.is_not_found(),
    }
}
