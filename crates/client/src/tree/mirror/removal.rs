//! What is deleted at the target, and what is not.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use oxftp_proto::{Limits, classify};

use super::{
    super::tries::is_passing,
    filter::Filter,
    item::{Item, Kind},
    place::Place,
    side::Side,
    step::{Action, Step, Why},
};
use crate::{
    Error, Result,
    list::{CycleGuard, Lineage},
};

/// How many things may be deleted, and how many were.
#[derive(Debug)]
pub(super) struct Budget {
    most: Option<u64>,
    spent: AtomicU64,
    complained: AtomicBool,
}

impl Budget {
    pub(super) fn new(most: Option<u64>) -> Self {
        Self { most, spent: AtomicU64::new(0), complained: AtomicBool::new(false) }
    }

    /// Counts one thing more; fails where that is one too many.
    fn spend(&self) -> Result<()> {
        let most = self.most.unwrap_or(u64::MAX);
        let more = |spent: u64| (spent < most).then_some(spent + 1);
        match self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::TooManyDeletions { limit: most }),
        }
    }

    /// Takes back what was counted and not deleted.
    fn refund(&self) {
        self.spent.fetch_sub(1, Ordering::Relaxed);
    }

    /// Tells whether this is the first that is one too many.
    fn complains(&self) -> bool {
        !self.complained.swap(true, Ordering::Relaxed)
    }

    pub(super) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }
}

/// Deletes at the target.
pub(super) struct Removal<'a> {
    pub(super) filter: &'a Filter,
    pub(super) limits: &'a Limits,
    pub(super) guard: &'a CycleGuard,
    pub(super) budget: &'a Budget,
    pub(super) dry_run: bool,
    /// Is told what is deleted.
    pub(super) tell: &'a (dyn Fn(Step) + Sync),
    /// Is told what could not be, and why.
    pub(super) fail: &'a (dyn Fn(String, Error) + Sync),
}

impl Removal<'_> {
    /// Deletes one thing, a directory with everything in it; tells whether it is gone.
    ///
    /// What cannot be deleted is told, and only what may pass is an error.
    pub(super) async fn remove(
        &self,
        side: &mut Side<'_>,
        place: &Place,
        item: &Item,
        why: Why,
    ) -> Result<bool> {
        match &item.kind {
            Kind::Directory { .. } => self.remove_tree(side, (place.clone(), Lineage::default()), why).await,
            _ => self.remove_one(side, place, Action::Delete, why).await,
        }
    }

    /// Deletes a directory's contents and then the directory; the depth is bounded.
    fn remove_tree<'f>(
        &'f self,
        side: &'f mut Side<'_>,
        (place, lineage): (Place, Lineage),
        why: Why,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'f>> {
        Box::pin(async move {
            let limit = self.limits.directory_depth;
            if place.depth() > limit {
                return self.settle(&place, Error::Limit { what: "levels of directories", limit });
            }
            let limit = self.limits.tree_directories;
            if self.guard.found() > limit {
                return self.settle(&place, Error::Limit { what: "directories in a tree", limit });
            }
            if self.guard.foresees(&lineage) {
                return Ok(false);
            }
            let listing = match side.list(&place, self.limits).await {
                Ok(listing) => listing,
                Err(error) => return self.settle(&place, error),
            };
            let Some(parent) = self.guard.judge(&lineage, &listing.digest) else {
                return self.settle(&place, Error::EndlessTree { path: place.relative().to_string() });
            };
            if !listing.is_whole() {
                for (name, error) in listing.failures {
                    (self.fail)(name, error);
                }
                return Ok(false);
            }
            let mut empty = true;
            for item in listing.items {
                let below = place.below(&item.name);
                let is_directory = item.kind.is_directory();
                if !self.filter.is_empty() && !self.filter.takes(&below.text(), is_directory) {
                    empty = false;
                    continue;
                }
                empty &= match is_directory {
                    true => self.remove_tree(side, (below, Lineage::default().below(&parent)), why).await?,
                    false => self.remove_one(side, &below, Action::Delete, why).await?,
                };
            }
            if empty { self.remove_one(side, &place, Action::DeleteDirectory, why).await } else { Ok(false) }
        })
    }

    async fn remove_one(&self, side: &mut Side<'_>, place: &Place, action: Action, why: Why) -> Result<bool> {
        if let Err(error) = self.budget.spend() {
            if self.budget.complains() {
                (self.fail)(place.relative().to_string(), error);
            }
            return Ok(false);
        }
        let removed = match (self.dry_run, action) {
            (true, _) => Ok(()),
            (false, Action::DeleteDirectory) => side.remove_directory(place).await,
            (false, _) => side.remove_file(place).await,
        };
        match removed {
            Ok(()) => {
                (self.tell)(Step::new(action, place.relative(), why));
                Ok(true)
            }
            Err(error) => {
                self.budget.refund();
                // Somebody else was faster, or the try before this one.
                if is_gone(&error) { Ok(true) } else { self.settle(place, error) }
            }
        }
    }

    /// Passes on what may be tried again, and names the rest.
    fn settle(&self, place: &Place, error: Error) -> Result<bool> {
        if is_passing(&error) || error.is_connection_lost() {
            return Err(error);
        }
        (self.fail)(place.relative().to_string(), error);
        Ok(false)
    }
}

/// Tells whether a thing is not there, in words: a bare `550` may mean that it cannot be deleted.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::PathIo(_) => error.is_not_found(),
        _ => error.is_not_found() && error.reply().is_some_and(classify::is_explicitly_not_found),
    }
}
