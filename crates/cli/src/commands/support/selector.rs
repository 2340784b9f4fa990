//! Selection of files by the flags: patterns, regular expressions, ages and sizes.

use oxftp::{Candidate, Entry, List, Selection, Timestamp, mirror::Filter};

use crate::args::{ByteRegex, SelectionArgs};

/// The conditions of the flags; a file must meet all of them.
#[derive(Debug, Clone)]
pub(crate) struct Selector {
    filter: Filter,
    include: Vec<ByteRegex>,
    exclude: Vec<ByteRegex>,
    /// Seconds since 1970.
    not_after: Option<i64>,
    not_before: Option<i64>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    max_depth: Option<u32>,
    /// Conditions that files and directories must meet as well.
    also: Vec<Selection>,
    is_active: bool,
}

impl Selector {
    pub(crate) fn new(args: &SelectionArgs) -> Self {
        let selector = Self {
            filter: args.filter.0.clone(),
            include: args.include_re.clone(),
            exclude: args.exclude_re.clone(),
            not_after: args.min_age.map(|age| age.since),
            not_before: args.max_age.map(|age| age.since),
            min_size: args.min_size.map(|size| size.0),
            max_size: args.max_size.map(|size| size.0),
            max_depth: args.max_depth,
            also: Vec::new(),
            is_active: false,
        };
        let is_active = !args.filter.is_empty()
            || !selector.include.is_empty()
            || !selector.exclude.is_empty()
            || selector.needs_facts();
        Self { is_active, ..selector }
    }

    /// Adds conditions that files and directories must meet as well.
    pub(crate) fn and(mut self, also: impl IntoIterator<Item = Selection>) -> Self {
        self.also.extend(also);
        self.is_active |= !self.also.is_empty();
        self
    }

    /// Returns whether any flag of the selection was given.
    pub(crate) fn is_active(&self) -> bool {
        self.is_active
    }

    /// Returns whether sizes or times are compared.
    pub(crate) fn needs_facts(&self) -> bool {
        self.not_after.is_some()
            || self.not_before.is_some()
            || self.min_size.is_some()
            || self.max_size.is_some()
    }

    /// Returns whether a file or directory is selected. Directories have neither age nor size, so that files are found in
    /// all of them.
    pub(crate) fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        let Candidate { path, is_dir, size, modified } = *candidate;
        if !self.filter.matches(path, is_dir)
            || self.exclude.iter().any(|regex| regex.is_match(path))
            || !self.also.iter().all(|also| also.accepts(candidate))
        {
            return false;
        }
        if is_dir {
            return true;
        }
        let seconds = modified.map(|time: Timestamp| time.to_unix(0));
        (self.include.is_empty() || self.include.iter().any(|regex| regex.is_match(path)))
            && self.not_after.is_none_or(|limit| seconds.is_some_and(|time| time <= limit))
            && self.not_before.is_none_or(|limit| seconds.is_some_and(|time| time >= limit))
            && self.min_size.is_none_or(|limit| size.is_some_and(|size| size >= limit))
            && self.max_size.is_none_or(|limit| size.is_some_and(|size| size <= limit))
    }

    /// Returns whether an operand is selected. With an age or a size, only files are.
    pub(crate) fn accepts_operand(&self, name: &str, entry: &Entry) -> bool {
        let candidate = Candidate {
            path: name,
            is_dir: entry.is_dir(),
            size: entry.exact_size().filter(|_| entry.is_file()),
            modified: entry.modified,
        };
        self.accepts(&candidate) && !(entry.is_dir() && (self.needs_facts() || !self.include.is_empty()))
    }

    /// Returns whether the depth of trees is limited.
    pub(crate) fn limits_depth(&self) -> bool {
        self.max_depth.is_some()
    }

    /// Limits a listing to what is selected.
    pub(crate) fn narrow<'c>(&self, listing: List<'c>) -> List<'c> {
        let levels = self.max_depth.map_or(usize::MAX, |levels| levels as usize);
        let listing = listing.max_depth(levels);
        match self.listing() {
            Some(selection) => listing.select(selection),
            None => listing,
        }
    }

    /// Returns the selection for a listing; `None` if everything is selected.
    pub(crate) fn listing(&self) -> Option<Selection> {
        let selector = self.clone();
        self.is_active.then(|| Selection::new(move |candidate| selector.accepts(candidate)))
    }

    /// Returns the selection for a transfer; `None` if everything is selected.
    pub(crate) fn transfer(&self) -> Option<Selection> {
        let Some(most) = self.max_depth else { return self.listing() };
        let selector = self.clone();
        Some(Selection::new(move |candidate| {
            let level = 1 + candidate.path.matches('/').count();
            // A directory that is accepted is entered.
            let is_within = !candidate.is_dir || u32::try_from(level).is_ok_and(|level| level < most);
            is_within && selector.accepts(candidate)
        }))
    }
}
