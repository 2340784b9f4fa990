//! Capabilities of a server: what its replies, listings and lost sessions have shown.
//!
//! The sessions of a pool share [`ServerCapabilities`]. Its parts: the [listings](listing) of the server, and the
//! [optional commands](optional_commands) that it answers, which are shared by all sessions of a builder on one server.

pub(crate) mod listing;
mod login_times;
pub(crate) mod optional_commands;
mod path_use;
mod time_setting;

pub(crate) use self::login_times::LoginTimes;
pub(crate) use self::path_use::PathUse;
pub(crate) use self::time_setting::{TimeCommand, TimeSetting};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
};

use oxftp_proto::{
    Features, PathStyle, PathStyleHints, RemotePath, Reply, ServerZone, dialog::PassiveMode,
    server::ServerKind,
};

use self::{listing::SharedListingCapabilities, optional_commands::OptionalCommands};

/// Capabilities of a server, learned from its replies. The sessions of a pool share them.
#[derive(Debug, Default)]
pub(crate) struct ServerCapabilities {
    /// The reply to `FEAT`.
    pub(crate) features: Option<Features>,
    /// The reply to `SYST`.
    pub(crate) system: Option<String>,
    /// The kind of the server, as far as its greeting and its reply to `SYST` reveal it.
    pub(crate) kind: ServerKind,
    /// The server's spelling of paths; `None` while it is unknown.
    pub(crate) path_style: Option<PathStyle>,
    /// The server refuses paths with directories, and takes bare names after `CWD`.
    pub(crate) bare_names: bool,
    /// Bare names did not bring an upload into its directory either.
    pub(crate) needs_path: bool,
    /// A file whose path has directories was found in its directory after its upload.
    pub(crate) stores_by_path: bool,
    /// `Some(true)` if paths have to begin at the root, because relative ones were refused; `Some(false)` if a
    /// relative one has worked.
    pub(crate) absolute_paths: Option<bool>,
    /// The number of relative paths that were refused and then tried from the root.
    pub(crate) absolute_attempts: u8,
    /// The uses for which it is known whether paths have to begin at the root.
    from_root: BTreeMap<PathUse, bool>,
    /// The number of relative paths that were refused for one of these uses, from the root as well.
    pub(crate) absolute_use_attempts: u8,
    /// `CWD` refuses what `PWD` shows as the working directory after the login.
    pub(crate) hides_home: bool,
    /// `Some(true)` if `CWD` takes a path of several names; `Some(false)` if it takes one name only.
    pub(crate) deep_paths: Option<bool>,
    /// `Some(true)` if `CWD` takes directories with a slash at their end only; `Some(false)` if one without it was entered.
    pub(crate) final_slash: Option<bool>,
    /// `CWD` is unknown.
    pub(crate) lacks_cwd: bool,
    /// Whether refusals of removals and renames are true.
    pub(crate) refusals: RefusalTrust,
    /// The uses of paths for which it is known whether commands take paths with directories: one has worked, or
    /// entering the directory did not help.
    settled_paths: BTreeSet<PathUse>,
    /// The passive mode that worked last.
    pub(crate) passive: Option<PassiveMode>,
    /// The server knows neither `EPSV` nor `PASV`, but opens data connections in active mode.
    pub(crate) active_only: bool,
    /// The last passive command had no other reply than the end of the session.
    pub(crate) lost_to_passive: bool,
    /// The server listens on the port of a passive command only after the transfer command.
    pub(crate) connects_late: bool,
    /// The server has listened on the port of a passive command a while after its reply.
    pub(crate) opens_late: bool,
    /// A query between the passive command and the transfer command makes the server close the port.
    pub(crate) port_for_next_command: bool,
    /// The time zone of listings, as measured.
    pub(crate) server_zone: Option<ServerZone>,
    /// The command that sets modification times. Each session determines it separately.
    pub(crate) time_setting: TimeSetting,
    /// The server needs `PRET` before a passive command.
    pub(crate) wants_pret: bool,
    /// The server refused a passive command that was sent before the final reply of a transfer, or it ends multi-line
    /// replies with other codes.
    pub(crate) no_pipelining: bool,
    /// `MODE Z` is not offered or was refused.
    pub(crate) no_compression: bool,
    /// Files uploaded with `MODE Z` arrived damaged.
    pub(crate) no_compressed_uploads: bool,
    /// `EPRT` was refused.
    pub(crate) no_eprt: bool,
    /// `ALLO` is superfluous or was refused.
    pub(crate) no_allocation: bool,
    /// `STOR` is refused without `ALLO`.
    pub(crate) needs_allocation: bool,
    /// The effect of `STOR` on the content of a file that exists.
    pub(crate) stor_effect: StorEffect,
    /// Whether a file can be replaced after it was renamed, where `STOR` of an existing name is refused. `None` if that is
    /// unknown.
    pub(crate) renames_older: Option<bool>,
    /// `MLST` has succeeded.
    pub(crate) mlst_works: bool,
    /// `MLSD` is not supported.
    pub(crate) no_mlsd: bool,
    /// `MLST` is not supported.
    pub(crate) no_mlst: bool,
    /// The server may change the type by itself, so that `TYPE` is sent before each transfer.
    pub(crate) repeats_type: bool,
    /// The type that has the effect of `TYPE I`.
    pub(crate) image: ImageType,
    /// `SIZE` is not supported.
    pub(crate) no_size: bool,
    /// `MDTM` is not supported.
    pub(crate) no_mdtm: bool,
    /// Sizes in listings are known to be in bytes.
    pub(crate) lists_bytes: bool,
    /// A listing that did not show an upload showed no more after some seconds.
    pub(crate) lists_promptly: bool,
    /// Listings do not show uploaded files, or cannot be read.
    pub(crate) hides_uploads: bool,
    /// Directories that are too large to be listed for each upload.
    pub(crate) large_directories: BTreeSet<RemotePath>,
    /// The user knows that times are not preserved on this server.
    pub(crate) reported_times_not_kept: Arc<AtomicBool>,
    /// A refusal for the moment (`450`) that gave no reason lasted until the end of the retries.
    pub(crate) lasting_450: bool,
    /// Properties of the server that its listings have shown.
    pub(crate) listing: SharedListingCapabilities,
    /// The optional commands that the server answers. All sessions of a builder on this server share them.
    pub(crate) commands: Arc<OptionalCommands>,
}

impl ServerCapabilities {
    /// Creates the capabilities that the greeting of a server implies.
    pub(crate) fn from_greeting(greeting: &Reply, commands: Arc<OptionalCommands>) -> Self {
        let text = greeting.text();
        let kind = ServerKind::identify(&text, None);
        let lacks_mlsx = kind.quirks().lacks_mlsx;
        let path_style = PathStyleHints { greeting: &text, ..PathStyleHints::default() }.style();
        Self { kind, no_mlst: lacks_mlsx, no_mlsd: lacks_mlsx, path_style, commands, ..Self::default() }
    }

    /// Returns whether it is known whether commands of this use take paths with directories.
    pub(crate) fn paths_are_settled(&self, usage: PathUse) -> bool {
        self.settled_paths.contains(&usage)
    }

    /// Returns whether paths have to begin at the root for this use.
    pub(crate) fn needs_root(&self, usage: PathUse) -> bool {
        self.from_root.get(&usage) == Some(&true)
    }

    /// Returns whether paths may have to begin at the root for this use, and few have been tried so.
    pub(crate) fn may_be_from_root(&self, usage: PathUse) -> bool {
        !self.from_root.contains_key(&usage) && self.absolute_use_attempts < MAX_ABSOLUTE_USES
    }

    pub(crate) fn set_from_root(&mut self, usage: PathUse, is_required: bool) {
        self.from_root.insert(usage, is_required);
    }

    /// Records that the server lists files with versions, as only OpenVMS does.
    pub(crate) fn note_versions(&mut self) {
        self.path_style.get_or_insert(PathStyle::Vms);
    }

    /// Records that no further attempt with a bare name is needed.
    pub(crate) fn settle_paths(&mut self, usage: PathUse) {
        self.settled_paths.insert(usage);
    }

    /// Adds the capabilities that another session on the same server has learned, apart from its optional commands: each
    /// session has those of its builder.
    pub(crate) fn learn(&mut self, other: &Self) {
        self.passive = other.passive.or(self.passive);
        self.active_only |= other.active_only;
        self.lost_to_passive |= other.lost_to_passive;
        self.connects_late |= other.connects_late;
        self.opens_late |= other.opens_late;
        self.port_for_next_command |= other.port_for_next_command;
        self.path_style = other.path_style.or(self.path_style);
        self.bare_names |= other.bare_names;
        self.stores_by_path |= other.stores_by_path;
        self.from_root.extend(&other.from_root);
        self.hides_home |= other.hides_home;
        self.deep_paths = other.deep_paths.or(self.deep_paths);
        self.final_slash = other.final_slash.or(self.final_slash);
        self.lacks_cwd |= other.lacks_cwd;
        self.refusals = self.refusals.max(other.refusals);
        self.lasting_450 |= other.lasting_450;
        self.absolute_paths = other.absolute_paths.or(self.absolute_paths);
        self.absolute_attempts = self.absolute_attempts.max(other.absolute_attempts);
        self.settled_paths.extend(&other.settled_paths);
        self.no_pipelining |= other.no_pipelining;
        self.wants_pret |= other.wants_pret;
        self.mlst_works |= other.mlst_works;
        self.listing.share(&other.listing);
        self.no_mlsd |= other.no_mlsd;
        self.no_mlst |= other.no_mlst;
        self.repeats_type |= other.repeats_type;
        if self.image == ImageType::Usual {
            self.image = other.image;
        }
        self.no_size |= other.no_size;
        self.no_mdtm |= other.no_mdtm;
        self.lists_bytes |= other.lists_bytes;
        self.lists_promptly |= other.lists_promptly;
        self.hides_uploads |= other.hides_uploads;
        self.large_directories.extend(other.large_directories.iter().cloned());
        self.reported_times_not_kept = other.reported_times_not_kept.clone();
        self.no_compression |= other.no_compression;
        self.no_compressed_uploads |= other.no_compressed_uploads;
        self.no_eprt |= other.no_eprt;
        self.no_allocation |= other.no_allocation;
        self.needs_allocation |= other.needs_allocation;
        if matches!(other.stor_effect, StorEffect::Keeps | StorEffect::Replaces) {
            self.stor_effect = other.stor_effect;
        }
        self.renames_older = other.renames_older.or(self.renames_older);
        if self.features.is_none() {
            self.features.clone_from(&other.features);
        }
        if self.system.is_none() {
            self.system.clone_from(&other.system);
        }
        if other.server_zone.is_some() {
            self.server_zone.clone_from(&other.server_zone);
        }
    }
}

/// Whether a server refuses changes that it has made, as far as queries after its refusals have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusalTrust {
    /// The number of refusals that were true.
    True(u8),
    /// A change was made that had been refused.
    False,
}

impl RefusalTrust {
    /// Returns whether a refusal is worth a query.
    pub(crate) fn are_doubted(self) -> bool {
        match self {
            Self::True(count) => count < MAX_QUERIED_REFUSALS,
            Self::False => true,
        }
    }

    /// Records whether a change had been made that was refused.
    pub(crate) fn note(&mut self, was_made: bool) {
        *self = match (*self, was_made) {
            (Self::False, _) | (_, true) => Self::False,
            (Self::True(count), false) => Self::True(count.saturating_add(1)),
        }
    }
}

impl Default for RefusalTrust {
    fn default() -> Self {
        Self::True(0)
    }
}

/// Maximum number of refused paths that are tried from the root for one of several uses, while none has worked so. Most of them
/// do not exist.
const MAX_ABSOLUTE_USES: u8 = 3;

/// The number of true refusals after which a server is trusted.
const MAX_QUERIED_REFUSALS: u8 = 2;

/// The effect of `STOR` on the content of a file that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StorEffect {
    /// Nothing suggests that it is unusual.
    #[default]
    Unknown,
    /// An uploaded file was larger than its source. Another client may have replaced it, so the upload is repeated, and
    /// the size of the file before that is queried.
    Suspected { size_before: Option<u64> },
    /// The content is kept: the server appends to the file, or does not cut it off. Files are deleted before they are replaced.
    Keeps,
    /// The content is replaced, as RFC 959 demands.
    Replaces,
}

/// The type in which a server transfers files unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ImageType {
    /// In `TYPE I`.
    #[default]
    Usual,
    /// In `TYPE L 8`.
    Local,
    /// Always: it refuses all types.
    Only,
    /// Never: it knows `TYPE A` only.
    Missing,
}
