//! Capabilities of the listing commands of a server: which of them work, whether paths in them are honoured, and whether
//! names that begin with a dot are shown.

use std::sync::{Arc, Mutex, PoisonError};

use oxftp_proto::{Entry, RemotePath};

/// Properties of a server that its listings have shown so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListingCapabilities {
    pub(crate) mlsd: ListCommandCapabilities,
    pub(crate) list: ListCommandCapabilities,
    pub(crate) list_all: ListAll,
    /// A listing by `LIST` without options has shown a name that begins with a dot.
    pub(crate) shows_dot_names: bool,
    /// A file exists whose name begins with a dot and is absent from the listing of its directory.
    pub(crate) hides_dot_names: bool,
    /// `LIST` works in `TYPE A` only.
    pub(crate) needs_ascii: bool,
    /// `NLST` works where `LIST` does not.
    pub(crate) needs_nlst: bool,
    /// `STAT` works where no data connection can be opened.
    pub(crate) needs_stat: bool,
    /// What surrounds the names; `None` if that is unknown.
    pub(crate) name_frame: Option<NameFrame>,
    /// Directories that were listed by `STAT`, because there was no data connection.
    pub(crate) stat_rescued: u8,
}

/// Properties of one listing command, as observed. Paths are *plain* if no server takes them for anything but a path.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListCommandCapabilities {
    /// It has listed a directory.
    pub(crate) works: bool,
    /// It has shown entries of a directory that was named by a plain path.
    pub(crate) shows_by_path: bool,
    /// Different paths have different listings.
    pub(crate) is_faithful: bool,
    /// It never shows a directory in place of its contents: `MLSD` has shown one that contains its own name.
    pub(crate) shows_contents: bool,
    /// A directory that it listed as empty was empty after it was entered.
    pub(crate) is_empty_trusted: bool,
    /// Directories have to be entered before they are listed.
    pub(crate) must_enter: bool,
    /// Directories that were listed after they were entered only.
    pub(crate) rescued: u8,
    /// `Some(true)` if it honours paths with blanks; `None` if that is unknown.
    pub(crate) honours_blanks: Option<bool>,
    /// The listing shown last, and its path, as hashes.
    pub(crate) last: Option<LastListing>,
}

/// Hashes of a path and of the names in its listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastListing {
    pub(crate) path: u64,
    pub(crate) names: u64,
}

/// What surrounds the names in the listings of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameFrame {
    Nothing,
    /// Names are padded with blanks.
    Blanks,
    /// Names are between quotes.
    Quotes,
    /// An asterisk follows the name of each executable file (`ls -F`).
    Marks,
}

impl NameFrame {
    /// Removes what surrounds the name of an entry; returns whether there was something.
    pub(crate) fn drop_from(self, entry: &mut Entry) -> bool {
        match self {
            Self::Nothing => false,
            Self::Blanks => entry.trim_name(),
            Self::Quotes => entry.unquote_name(),
            Self::Marks => entry.drop_mark(),
        }
    }
}

/// The observed effect of `LIST -a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ListAll {
    #[default]
    Unasked,
    /// It shows what `LIST` shows, and also names that begin with a dot.
    Works,
    /// It has shown the same as `LIST`, without a name that begins with a dot. It is used, but proves nothing.
    Harmless,
    /// The same in a directory that may be the root: the server may take the option for a path, and list the root.
    SameAtRoot,
    /// It is refused, or shows something else.
    Useless,
}

/// Capabilities that the sessions of a pool share.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedListingCapabilities(Arc<Mutex<ListingCapabilities>>);

impl ListAll {
    /// Returns whether `LIST -a` is worth a comparison with the `LIST` of this directory.
    pub(crate) fn is_open(self, directory: &RemotePath) -> bool {
        match self {
            Self::Unasked => true,
            Self::SameAtRoot => !may_be_root(directory),
            Self::Works | Self::Harmless | Self::Useless => false,
        }
    }

    /// Returns the effect after `LIST -a` has shown the same as the `LIST` of this directory.
    pub(crate) fn same_in(directory: &RemotePath) -> Self {
        if may_be_root(directory) { Self::SameAtRoot } else { Self::Harmless }
    }
}

fn may_be_root(directory: &RemotePath) -> bool {
    matches!(directory.as_bytes(), b"" | b"." | b"/")
}

impl SharedListingCapabilities {
    pub(crate) fn get(&self) -> ListingCapabilities {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut ListingCapabilities)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Shares the capabilities that another session knows, and adds those that this session knows.
    pub(crate) fn share(&mut self, other: &Self) {
        if !Arc::ptr_eq(&self.0, &other.0) {
            let own = self.get();
            other.update(|known| known.add(&own));
            *self = other.clone();
        }
    }
}

impl ListingCapabilities {
    fn add(&mut self, other: &Self) {
        self.mlsd.add(&other.mlsd);
        self.list.add(&other.list);
        if matches!(self.list_all, ListAll::Unasked | ListAll::SameAtRoot) {
            self.list_all = other.list_all;
        }
        self.shows_dot_names |= other.shows_dot_names;
        self.hides_dot_names |= other.hides_dot_names;
        self.needs_ascii |= other.needs_ascii;
        self.needs_nlst |= other.needs_nlst;
        self.needs_stat |= other.needs_stat;
        self.name_frame = self.name_frame.or(other.name_frame);
        self.stat_rescued = self.stat_rescued.max(other.stat_rescued);
    }
}

impl ListCommandCapabilities {
    fn add(&mut self, other: &Self) {
        self.works |= other.works;
        self.shows_by_path |= other.shows_by_path;
        self.is_faithful |= other.is_faithful;
        self.shows_contents |= other.shows_contents;
        self.is_empty_trusted |= other.is_empty_trusted;
        self.must_enter |= other.must_enter;
        self.rescued = self.rescued.max(other.rescued);
        self.honours_blanks = self.honours_blanks.or(other.honours_blanks);
    }
}
